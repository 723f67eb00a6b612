# ruleid: terraform-secret-in-output
output "password" {
  value = aws_db_instance.main.password
}
# ok: terraform-secret-in-output
output "safe" {
  value     = aws_db_instance.main.password
  sensitive = true
}
# ok: terraform-secret-in-output
output "address" {
  value = aws_db_instance.main.address
}
