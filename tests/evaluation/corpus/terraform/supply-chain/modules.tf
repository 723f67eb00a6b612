# case: vulnerable
module "network" {
  source = "git::ssh://git@git.acme.example/infra/network.git"
}
# case: safe (tag)
module "cluster" {
  source = "git::https://git.acme.example/infra/cluster.git?ref=v2.4.1"
}
# case: vulnerable (branch)
module "dns" {
  source = "git::https://git.acme.example/infra/dns.git?ref=master"
}
# case: safe (this repository)
module "local" {
  source = "../modules/local"
}
