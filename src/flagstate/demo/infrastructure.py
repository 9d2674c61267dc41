"""What is configured: a Terraform state with the bucket of parcels, and its replication to another country."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from flagstate.demo.hub import Hub

BUCKET, COPY = "ourthe-parcels", "ourthe-parcels-dr"
ACCOUNT = "111122223333"
"""The account that documentation uses."""
HOME, AWAY = "eu-central-1", "ap-southeast-1"
"""The provider publishes them as Frankfurt and Singapore."""


def address(bucket: str) -> str:
    """Return the name under which a bucket answers everywhere."""
    return f"{bucket}.s3.amazonaws.com"


def regional(bucket: str) -> str:
    """Return the name under which a bucket answers in its region."""
    return f"{bucket}.s3.{HOME if bucket == BUCKET else AWAY}.amazonaws.com"


def write(hub: Hub, folder: Path, said: Callable[[str], None]) -> dict[str, object]:
    """Write the state.

    Args:
        hub: How large, and by which seed; the resources are the same whatever it is.
        folder: Of the evidence.
        said: Is told what is being done.

    Returns:
        Where the bucket stands, and where its copy does.
    """
    said("Writing the infrastructure")
    resources = [
        _bucket("parcels", BUCKET, HOME),
        _bucket("parcels_dr", COPY, AWAY),
        _resource("aws_s3_bucket_replication_configuration", "parcels", _replication()),
        _resource("aws_s3_bucket_public_access_block", "parcels", _block()),
    ]
    document = {
        "version": 4,
        "terraform_version": "1.13.4",
        "serial": 41,
        "lineage": "00000000-0000-4000-8000-00000e0a3b1e",
        "outputs": {},
        "resources": resources,
    }
    where = folder / "infrastructure" / "terraform.tfstate"
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return {
        "stored": {"asset": "est:bucket", "resource": "tf:aws_s3_bucket.parcels", "country": "DE"},
        "replica": {
            "asset": "est:dr_copy",
            "resource": "tf:aws_s3_bucket.parcels_dr",
            "declared": "DE",
            "country": "SG",
        },
        "resources": len(resources),
    }


def _resource(kind: str, name: str, attributes: dict[str, object]) -> dict[str, object]:
    return {
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    }


def _bucket(name: str, bucket: str, region: str) -> dict[str, object]:
    attributes: dict[str, object] = {
        "id": bucket,
        "arn": f"arn:aws:s3:::{bucket}",
        "bucket": bucket,
        "bucket_domain_name": address(bucket),
        "bucket_regional_domain_name": regional(bucket),
        "region": region,
        "force_destroy": False,
        "tags": {"owner": "sortgrid"},
    }
    return _resource("aws_s3_bucket", name, attributes)


def _replication() -> dict[str, object]:
    rule = {
        "id": "dr",
        "status": "Enabled",
        "priority": 1,
        "filter": [{"prefix": "parcels/"}],
        "destination": [{"bucket": f"arn:aws:s3:::{COPY}", "storage_class": "STANDARD"}],
    }
    role = f"arn:aws:iam::{ACCOUNT}:role/replication"
    return {"id": BUCKET, "bucket": BUCKET, "region": HOME, "role": role, "rule": [rule]}


def _block() -> dict[str, object]:
    return {"id": BUCKET, "bucket": BUCKET, "block_public_acls": True, "restrict_public_buckets": True}
