provider "alicloud" {
  region     = "cn-hangzhou"
# ruleid: terraform-secret-in-configuration
  secret_key = "k93jd02kd8aaQ"
}
provider "tencentcloud" {
  region     = "ap-guangzhou"
# ok: terraform-secret-in-configuration
  secret_key = var.secret_key
}
resource "aws_db_instance" "main" {
  storage_encrypted = true
# ruleid: terraform-secret-in-configuration
  password          = "Tulip-77x"
}
resource "aws_db_instance" "other" {
  storage_encrypted = true
# ok: terraform-secret-in-configuration
  password          = random_password.db.result
}
resource "alicloud_instance" "web" {
# ok: terraform-secret-in-configuration
  password = "${var.password}"
}
variable "db_password" {
  type    = string
# ruleid: terraform-secret-in-configuration
  default = "tulip77"
}
variable "api_secret" {
  type      = string
# ok: terraform-secret-in-configuration
  sensitive = true
}
variable "password_length" {
# ok: terraform-secret-in-configuration
  default = "24"
}
resource "aws_lambda_function" "job" {
  environment {
    variables = {
# ruleid: terraform-secret-in-configuration
      API_KEY = "k93jd02kd8"
# ok: terraform-secret-in-configuration
      API_URL = "https://api.example.com"
    }
  }
}
