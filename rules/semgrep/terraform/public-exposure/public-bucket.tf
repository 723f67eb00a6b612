resource "aws_s3_bucket_acl" "site" {
  bucket = aws_s3_bucket.site.id
# ruleid: terraform-public-bucket
  acl    = "public-read"
}
resource "aws_s3_bucket_acl" "data" {
  bucket = aws_s3_bucket.data.id
# ok: terraform-public-bucket
  acl    = "private"
}
resource "aws_s3_bucket_public_access_block" "site" {
  bucket = aws_s3_bucket.site.id
# ruleid: terraform-public-bucket
  block_public_acls   = false
# ok: terraform-public-bucket
  block_public_policy = true
}
resource "alicloud_oss_bucket" "data" {
  bucket = "data"
# ruleid: terraform-public-bucket
  acl    = "public-read-write"
}
resource "tencentcloud_cos_bucket" "data" {
  bucket = "data-125"
# ruleid: terraform-public-bucket
  acl    = "public-read"
}
resource "huaweicloud_obs_bucket" "data" {
  bucket = "data"
# ok: terraform-public-bucket
  acl    = "private"
}
resource "azurerm_storage_container" "files" {
  name                  = "files"
# ruleid: terraform-public-bucket
  container_access_type = "container"
}
resource "google_storage_bucket_iam_member" "all" {
  bucket = "data"
  role   = "roles/storage.objectViewer"
# ruleid: terraform-public-bucket
  member = "allUsers"
}
resource "google_storage_bucket_iam_member" "one" {
  bucket = "data"
  role   = "roles/storage.objectViewer"
# ok: terraform-public-bucket
  member = "user:a@example.com"
}
