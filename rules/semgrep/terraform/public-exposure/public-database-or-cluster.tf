resource "aws_db_instance" "main" {
  engine              = "postgres"
  storage_encrypted   = true
# ruleid: terraform-public-database-or-cluster
  publicly_accessible = true
}
resource "aws_db_instance" "other" {
  engine              = "postgres"
  storage_encrypted   = true
# ok: terraform-public-database-or-cluster
  publicly_accessible = false
}
resource "alicloud_db_instance" "main" {
  engine       = "MySQL"
# ruleid: terraform-public-database-or-cluster
  security_ips = ["0.0.0.0/0"]
}
resource "alicloud_db_instance" "other" {
  engine       = "MySQL"
# ok: terraform-public-database-or-cluster
  security_ips = ["10.0.0.0/8"]
}
resource "tencentcloud_mysql_instance" "main" {
# ruleid: terraform-public-database-or-cluster
  internet_service = 1
}
resource "google_sql_database_instance" "main" {
  settings {
    ip_configuration {
      authorized_networks {
        name  = "all"
# ruleid: terraform-public-database-or-cluster
        value = "0.0.0.0/0"
      }
    }
  }
}
# ruleid: terraform-public-database-or-cluster
resource "azurerm_mssql_firewall_rule" "all" {
  name             = "all"
  start_ip_address = "0.0.0.0"
  end_ip_address   = "255.255.255.255"
}
# ok: terraform-public-database-or-cluster
resource "azurerm_mssql_firewall_rule" "one" {
  name             = "one"
  start_ip_address = "203.0.113.9"
  end_ip_address   = "203.0.113.9"
}
