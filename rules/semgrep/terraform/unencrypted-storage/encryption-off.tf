resource "aws_db_instance" "main" {
# ruleid: terraform-encryption-off
  storage_encrypted = false
}
resource "aws_ebs_volume" "data" {
  size      = 10
# ok: terraform-encryption-off
  encrypted = true
}
resource "aws_instance" "web" {
  root_block_device {
# ruleid: terraform-encryption-off
    encrypted = false
  }
}
resource "alicloud_disk" "data" {
  size      = 20
# ruleid: terraform-encryption-off
  encrypted = false
}
resource "tencentcloud_cbs_storage" "data" {
# ruleid: terraform-encryption-off
  encrypt = false
}
terraform {
  backend "s3" {
    bucket  = "state"
# ruleid: terraform-encryption-off
    encrypt = false
  }
}
