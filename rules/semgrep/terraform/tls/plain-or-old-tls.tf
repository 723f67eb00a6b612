resource "azurerm_storage_account" "data" {
# ruleid: terraform-plain-or-old-tls
  min_tls_version            = "TLS1_0"
# ruleid: terraform-plain-or-old-tls
  https_traffic_only_enabled = false
}
resource "azurerm_storage_account" "safe" {
# ok: terraform-plain-or-old-tls
  min_tls_version            = "TLS1_2"
}
resource "aws_cloudfront_distribution" "site" {
  default_cache_behavior {
# ruleid: terraform-plain-or-old-tls
    viewer_protocol_policy = "allow-all"
  }
}
# ruleid: terraform-plain-or-old-tls
resource "aws_lb_listener" "plain" {
  port     = 80
  protocol = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
# ok: terraform-plain-or-old-tls
resource "aws_lb_listener" "redirect" {
  port     = 80
  protocol = "HTTP"
  default_action {
    type = "redirect"
    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}
resource "google_sql_database_instance" "main" {
  settings {
    ip_configuration {
# ruleid: terraform-plain-or-old-tls
      require_ssl = false
    }
  }
}
resource "alicloud_slb_listener" "web" {
  protocol          = "https"
# ruleid: terraform-plain-or-old-tls
  tls_cipher_policy = "tls_cipher_policy_1_0"
}
