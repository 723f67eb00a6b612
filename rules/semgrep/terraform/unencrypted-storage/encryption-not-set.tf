# ruleid: terraform-encryption-not-set
resource "aws_ebs_volume" "data" {
  size = 10
}
# ok: terraform-encryption-not-set
resource "aws_ebs_volume" "safe" {
  size      = 10
  encrypted = true
}
# ok: terraform-encryption-not-set
resource "aws_ebs_volume" "chosen" {
  size      = 10
  encrypted = var.encrypted
}
# ruleid: terraform-encryption-not-set
resource "aws_db_instance" "main" {
  engine = "postgres"
}
# ok: terraform-encryption-not-set
resource "aws_db_instance" "replica" {
  replicate_source_db = aws_db_instance.main.id
}
# ruleid: terraform-encryption-not-set
resource "huaweicloud_evs_volume" "data" {
  size = 10
}
