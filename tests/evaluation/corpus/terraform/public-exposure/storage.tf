# case: vulnerable
resource "aws_s3_bucket_acl" "files" {
  bucket = aws_s3_bucket.files.id
  acl    = "public-read-write"
}
# case: safe (private)
resource "aws_s3_bucket_acl" "logs" {
  bucket = aws_s3_bucket.logs.id
  acl    = "log-delivery-write"
}
# case: vulnerable
resource "aws_s3_bucket_policy" "files" {
  bucket = aws_s3_bucket.files.id
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/*"}
      ]
    }
  EOT
}
# case: vulnerable
resource "alicloud_oss_bucket" "files" {
  bucket = "files"
  acl    = "public-read"
}
# case: safe (private)
resource "alicloud_oss_bucket" "logs" {
  bucket = "logs"
  acl    = "private"
}
# case: vulnerable
resource "google_storage_bucket_iam_binding" "all" {
  bucket  = google_storage_bucket.files.name
  role    = "roles/storage.objectViewer"
  members = ["allUsers"]
}
# case: vulnerable
resource "azurerm_storage_account" "files" {
  name                            = "files"
  allow_nested_items_to_be_public = true
}
# case: safe (closed)
resource "azurerm_storage_account" "logs" {
  name                            = "logs"
  allow_nested_items_to_be_public = false
}
# case: vulnerable
resource "aws_db_instance" "main" {
  engine              = "mysql"
  storage_encrypted   = true
  publicly_accessible = true
}
# case: vulnerable
resource "alicloud_db_instance" "main" {
  engine       = "MySQL"
  security_ips = ["10.1.0.0/16", "0.0.0.0/0"]
}
# case: safe (private)
resource "tencentcloud_mysql_instance" "main" {
  internet_service = 0
}
