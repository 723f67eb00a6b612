# case: vulnerable
provider "huaweicloud" {
  region     = "cn-north-4"
  access_key = "HPUA83HD93KD02JD"
  secret_key = "f83hd92jd93kd02jf83hd92jd93kd02j"
}
# case: safe (environment)
provider "tencentcloud" {
  region = "ap-shanghai"
}
# case: vulnerable
resource "azurerm_mssql_server" "main" {
  administrator_login          = "sqladmin"
  administrator_login_password = "Wint3r-Storm!"
}
# case: safe (generated)
resource "aws_db_instance" "main" {
  storage_encrypted = true
  password          = random_password.db.result
}
# case: vulnerable
variable "redis_password" {
  type    = string
  default = "Wint3r-Storm"
}
# case: safe (no default)
variable "mail_password" {
  type      = string
  sensitive = true
}
# case: safe (empty default)
variable "proxy_password" {
  default = ""
}
# case: vulnerable
resource "aws_ecs_task_definition" "app" {
  container_definitions = jsonencode([{
    name = "app"
    environment = [
      { name = "MODE", value = "production" }
    ]
    secretOptions = {
      API_KEY = "f83hd92jd93kd02"
    }
  }])
}
# case: safe (managed)
resource "aws_rds_cluster" "main" {
  storage_encrypted           = true
  manage_master_user_password = true
}
