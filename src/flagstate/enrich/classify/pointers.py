"""Addresses as typed pointers, for compiled code.

Arrays inside compiled code are counted references, and counting them costs more than the work on a short value. So the
kernel gets one frame: an array of addresses and numbers, from which its functions make pointers. The caller keeps the
arrays alive.
"""

from __future__ import annotations

from typing import Any


def made() -> dict[str, Any]:
    """Return `u8`, `u32`, `u64`, `i32` and `i64`: functions for the compiler from an address to a pointer."""
    from numba import types

    kinds = {"u8": types.uint8, "u32": types.uint32, "u64": types.uint64, "i32": types.int32, "i64": types.int64}
    return {name: _pointer(kind) for name, kind in kinds.items()}


def _pointer(kind: Any) -> Any:  # noqa: ANN401
    from numba import types
    from numba.extending import intrinsic

    def pointer(context: Any, address: Any) -> Any:  # noqa: ANN401
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        made: Any = types
        return made.CPointer(kind)(types.uint64), code

    return intrinsic(pointer)
