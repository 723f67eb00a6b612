# case: vulnerable
resource "aws_ebs_volume" "data" {
  availability_zone = "eu-central-1a"
  size              = 50
}
# case: safe (on)
resource "aws_ebs_volume" "safe" {
  availability_zone = "eu-central-1a"
  size              = 50
  encrypted         = true
}
# case: vulnerable
resource "aws_rds_cluster" "main" {
  engine            = "aurora-mysql"
  storage_encrypted = false
}
# case: safe (chosen elsewhere)
resource "aws_rds_cluster" "other" {
  engine            = "aurora-mysql"
  storage_encrypted = var.encrypted
}
# case: vulnerable
resource "tencentcloud_cbs_storage" "data" {
  storage_type = "CLOUD_SSD"
  storage_size = 100
  encrypt      = false
}
# case: vulnerable
resource "aws_instance" "web" {
  ami = var.ami
  root_block_device {
    volume_size = 20
    encrypted   = "false"
  }
}
# case: safe (restored from an encrypted copy)
resource "aws_db_instance" "copy" {
  snapshot_identifier = var.snapshot
}
# case: vulnerable
resource "huaweicloud_evs_volume" "data" {
  name = "data"
  size = 40
}
