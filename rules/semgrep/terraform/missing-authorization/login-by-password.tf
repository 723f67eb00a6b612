resource "aws_lambda_function_url" "open" {
  function_name      = aws_lambda_function.f.function_name
# ruleid: terraform-login-by-password
  authorization_type = "NONE"
}
resource "aws_lambda_function_url" "closed" {
  function_name      = aws_lambda_function.f.function_name
# ok: terraform-login-by-password
  authorization_type = "AWS_IAM"
}
resource "azurerm_linux_virtual_machine" "web" {
# ruleid: terraform-login-by-password
  disable_password_authentication = false
}
resource "tencentcloud_redis_instance" "cache" {
# ruleid: terraform-login-by-password
  no_auth = true
}
