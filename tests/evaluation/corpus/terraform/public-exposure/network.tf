terraform {
  required_version = ">= 1.6"
}
# case: vulnerable
resource "aws_security_group" "bastion" {
  vpc_id = aws_vpc.main.id
  ingress {
    description = "ssh"
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["10.0.0.0/8", "0.0.0.0/0"]
  }
}
# case: safe (web only)
resource "aws_security_group" "web" {
  vpc_id = aws_vpc.main.id
  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}
# case: safe (one network)
resource "aws_vpc_security_group_ingress_rule" "office" {
  security_group_id = aws_security_group.web.id
  cidr_ipv4         = "203.0.113.0/24"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}
# case: vulnerable
resource "aws_vpc_security_group_ingress_rule" "open" {
  security_group_id = aws_security_group.web.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}
# case: vulnerable
resource "alicloud_security_group_rule" "mysql" {
  security_group_id = alicloud_security_group.db.id
  type              = "ingress"
  ip_protocol       = "tcp"
  port_range        = "3306/3306"
  cidr_ip           = "0.0.0.0/0"
}
# case: vulnerable
resource "tencentcloud_security_group_lite_rule" "open" {
  security_group_id = tencentcloud_security_group.web.id
  ingress           = ["ACCEPT#0.0.0.0/0#ALL#ALL"]
}
# case: safe (web only)
resource "tencentcloud_security_group_lite_rule" "web" {
  security_group_id = tencentcloud_security_group.web.id
  ingress           = ["ACCEPT#0.0.0.0/0#80,443#TCP", "DROP#0.0.0.0/0#ALL#ALL"]
}
# case: vulnerable
resource "huaweicloud_networking_secgroup_rule" "rdp" {
  security_group_id = huaweicloud_networking_secgroup.web.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  ports             = "3389"
  remote_ip_prefix  = "0.0.0.0/0"
}
# case: safe (going out)
resource "huaweicloud_networking_secgroup_rule" "out" {
  security_group_id = huaweicloud_networking_secgroup.web.id
  direction         = "egress"
  ethertype         = "IPv4"
  remote_ip_prefix  = "0.0.0.0/0"
}
# case: vulnerable
resource "google_compute_firewall" "all" {
  network       = google_compute_network.main.name
  source_ranges = ["0.0.0.0/0"]
  allow {
    protocol = "all"
  }
}
# case: safe (denies)
resource "google_compute_firewall" "deny" {
  network       = google_compute_network.main.name
  source_ranges = ["0.0.0.0/0"]
  deny {
    protocol = "all"
  }
}
# case: vulnerable
resource "azurerm_network_security_group" "main" {
  name = "main"
  security_rule {
    name                       = "ssh"
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_port_range          = "*"
    destination_port_range     = "22"
    source_address_prefix      = "Internet"
    destination_address_prefix = "*"
  }
}
