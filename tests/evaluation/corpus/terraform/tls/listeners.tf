# case: vulnerable
resource "azurerm_storage_account" "files" {
  name            = "files"
  min_tls_version = "TLS1_1"
}
# case: safe (current)
resource "azurerm_storage_account" "logs" {
  name            = "logs"
  min_tls_version = "TLS1_2"
}
# case: vulnerable
resource "aws_lb_listener" "tls" {
  port       = 443
  protocol   = "HTTPS"
  ssl_policy = "ELBSecurityPolicy-2016-08"
}
# case: safe (current)
resource "aws_lb_listener" "tls13" {
  port       = 443
  protocol   = "HTTPS"
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
}
# case: vulnerable
provider "vault" {
  address         = "https://vault.acme.example"
  skip_tls_verify = true
}
# case: safe (with the authority)
provider "vault" {
  alias        = "safe"
  address      = "https://vault.acme.example"
  ca_cert_file = "acme.pem"
}
