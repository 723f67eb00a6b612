module "network" {
# ruleid: terraform-module-not-pinned
  source = "git::https://git.example.com/infra/network.git"
}
module "cluster" {
# ruleid: terraform-module-not-pinned
  source = "github.com/example/cluster?ref=main"
}
module "database" {
# ok: terraform-module-not-pinned
  source = "git::https://git.example.com/infra/database.git?ref=v1.4.0"
}
module "local" {
# ok: terraform-module-not-pinned
  source = "./modules/local"
}
module "registry" {
# ok: terraform-module-not-pinned
  source  = "terraform-aws-modules/vpc/aws"
  version = "5.8.1"
}
module "plain" {
# ruleid: terraform-module-not-pinned
  source = "http://modules.example.com/plain.zip"
}
