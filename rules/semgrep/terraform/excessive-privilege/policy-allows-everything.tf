resource "aws_iam_policy" "all" {
  policy = jsonencode({
    Version = "2012-10-17"
# ruleid: terraform-policy-allows-everything
    Statement = [{
      Effect   = "Allow"
      Action   = "*"
      Resource = "*"
    }]
  })
}
resource "aws_iam_policy" "read" {
  policy = jsonencode({
    Version = "2012-10-17"
# ok: terraform-policy-allows-everything
    Statement = [{
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "*"
    }]
  })
}
data "aws_iam_policy_document" "all" {
# ruleid: terraform-policy-allows-everything
  statement {
    actions   = ["*"]
    resources = ["*"]
  }
# ok: terraform-policy-allows-everything
  statement {
    effect    = "Deny"
    actions   = ["*"]
    resources = ["*"]
  }
}
resource "alicloud_ram_policy" "all" {
  policy_name     = "all"
  policy_document = <<EOF
  {
    "Statement": [
# ruleid: terraform-policy-allows-everything
      {
        "Action": ["*"],
        "Effect": "Allow",
        "Resource": ["*"]
      }
    ],
    "Version": "1"
  }
  EOF
}
resource "aws_iam_role_policy_attachment" "admin" {
  role       = aws_iam_role.ci.name
# ruleid: terraform-policy-allows-everything
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
resource "google_project_iam_member" "owner" {
# ruleid: terraform-policy-allows-everything
  role   = "roles/owner"
  member = "user:a@example.com"
}
resource "google_project_iam_member" "viewer" {
# ok: terraform-policy-allows-everything
  role   = "roles/viewer"
  member = "user:a@example.com"
}
