resource "aws_instance" "web" {
  metadata_options {
# ruleid: terraform-metadata-service-version-1
    http_tokens = "optional"
  }
}
resource "aws_instance" "safe" {
  metadata_options {
# ok: terraform-metadata-service-version-1
    http_tokens = "required"
  }
}
