resource "aws_cloudtrail" "main" {
  name                       = "main"
# ruleid: terraform-protection-switched-off
  enable_log_file_validation = false
# ok: terraform-protection-switched-off
  enable_logging             = true
}
resource "aws_kms_key" "main" {
# ruleid: terraform-protection-switched-off
  enable_key_rotation = false
}
resource "google_container_cluster" "main" {
# ruleid: terraform-protection-switched-off
  enable_legacy_abac = true
}
resource "azurerm_kubernetes_cluster" "main" {
# ok: terraform-protection-switched-off
  role_based_access_control_enabled = true
}
