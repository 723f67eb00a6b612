provider "kubernetes" {
  host     = "https://k8s.example.com"
# ruleid: terraform-certificate-check-off
  insecure = true
}
provider "vault" {
# ruleid: terraform-certificate-check-off
  skip_tls_verify = true
}
provider "helm" {
  kubernetes {
# ok: terraform-certificate-check-off
    insecure = false
  }
}
data "http" "ip" {
# ruleid: terraform-certificate-check-off
  insecure = true
  url      = "https://ip.example.com"
}
