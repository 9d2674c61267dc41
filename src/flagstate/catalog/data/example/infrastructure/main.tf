# Source text: what it builds depends on variables, so flagstate asks for the state instead.
resource "google_sql_database_instance" "parcel_archive" {
  region = var.region
}
