# ruleid: terraform-administration-port-open
resource "aws_security_group_rule" "ssh" {
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = aws_security_group.web.id
}
resource "aws_security_group" "web" {
# ok: terraform-administration-port-open
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
# ruleid: terraform-administration-port-open
  ingress {
    from_port   = 3306
    to_port     = 3306
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
# ok: terraform-administration-port-open
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
# ok: terraform-administration-port-open
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
# ruleid: terraform-administration-port-open
resource "azurerm_network_security_rule" "rdp" {
  direction                  = "Inbound"
  access                     = "Allow"
  protocol                   = "Tcp"
  source_port_range          = "*"
  destination_port_range     = "3389"
  source_address_prefix      = "*"
  destination_address_prefix = "*"
}
# ruleid: terraform-administration-port-open
resource "google_compute_firewall" "ssh" {
  network = "default"
  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
  source_ranges = ["0.0.0.0/0"]
}
# ok: terraform-administration-port-open
resource "google_compute_firewall" "web" {
  network = "default"
  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
  source_ranges = ["0.0.0.0/0"]
}
# ruleid: terraform-administration-port-open
resource "alicloud_security_group_rule" "ssh" {
  type        = "ingress"
  ip_protocol = "tcp"
  port_range  = "22/22"
  cidr_ip     = "0.0.0.0/0"
}
# ok: terraform-administration-port-open
resource "alicloud_security_group_rule" "web" {
  type        = "ingress"
  ip_protocol = "tcp"
  port_range  = "443/443"
  cidr_ip     = "0.0.0.0/0"
}
resource "tencentcloud_security_group_lite_rule" "lite" {
  ingress = [
# ruleid: terraform-administration-port-open
    "ACCEPT#0.0.0.0/0#22#TCP",
# ok: terraform-administration-port-open
    "ACCEPT#10.0.0.0/8#22#TCP",
# ok: terraform-administration-port-open
    "DROP#0.0.0.0/0#ALL#ALL",
  ]
}
resource "tencentcloud_security_group_rule_set" "set" {
# ruleid: terraform-administration-port-open
  ingress {
    action     = "ACCEPT"
    cidr_block = "0.0.0.0/0"
    protocol   = "TCP"
    port       = "3389"
  }
# ok: terraform-administration-port-open
  ingress {
    action     = "DROP"
    cidr_block = "0.0.0.0/0"
    protocol   = "TCP"
    port       = "3389"
  }
}
# ruleid: terraform-administration-port-open
resource "huaweicloud_networking_secgroup_rule" "ssh" {
  direction        = "ingress"
  ethertype        = "IPv4"
  protocol         = "tcp"
  port_range_min   = 22
  port_range_max   = 22
  remote_ip_prefix = "0.0.0.0/0"
}
# ok: terraform-administration-port-open
resource "huaweicloud_networking_secgroup_rule" "office" {
  direction        = "ingress"
  protocol         = "tcp"
  port_range_min   = 22
  port_range_max   = 22
  remote_ip_prefix = "203.0.113.0/24"
}
