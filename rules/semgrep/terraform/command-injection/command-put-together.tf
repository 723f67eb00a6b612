resource "null_resource" "setup" {
  provisioner "local-exec" {
# ruleid: terraform-command-put-together
    command = "setup --name ${var.name}"
  }
}
resource "null_resource" "safe" {
  provisioner "local-exec" {
# ok: terraform-command-put-together
    command     = "setup --name \"$NAME\""
    environment = { NAME = var.name }
  }
}
