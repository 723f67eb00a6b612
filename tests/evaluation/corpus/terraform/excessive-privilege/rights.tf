# case: vulnerable
resource "aws_iam_policy" "all" {
  name   = "all"
  policy = <<POLICY
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["*"],
      "Resource": "*"
    }
  ]
}
POLICY
}
# case: vulnerable
data "aws_iam_policy_document" "all" {
  statement {
    sid       = "everything"
    actions   = ["*"]
    resources = ["*"]
  }
}
# case: safe (one service, one bucket)
data "aws_iam_policy_document" "bucket" {
  statement {
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.files.arn, "${aws_s3_bucket.files.arn}/*"]
  }
}
# case: safe (denies)
data "aws_iam_policy_document" "deny" {
  statement {
    effect    = "Deny"
    actions   = ["*"]
    resources = ["*"]
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}
# case: vulnerable
resource "google_project_iam_binding" "editors" {
  project = var.project
  role    = "roles/editor"
  members = ["group:all@acme.example"]
}
# case: safe (viewer)
resource "google_project_iam_binding" "viewers" {
  project = var.project
  role    = "roles/viewer"
  members = ["group:all@acme.example"]
}
# case: vulnerable
resource "alicloud_ram_role_policy_attachment" "admin" {
  role_name   = alicloud_ram_role.ci.name
  policy_name = "AdministratorAccess"
  policy_type = "System"
}
# case: vulnerable
resource "azurerm_role_assignment" "ci" {
  scope                = data.azurerm_subscription.main.id
  role_definition_name = "Owner"
  principal_id         = var.ci
}
