resource "aws_s3_bucket_policy" "open" {
  policy = jsonencode({
# ruleid: terraform-policy-for-everybody
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "s3:GetObject"
      Resource  = "arn:aws:s3:::data/*"
    }]
  })
}
resource "aws_s3_bucket_policy" "closed" {
  policy = jsonencode({
# ok: terraform-policy-for-everybody
    Statement = [{
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = "arn:aws:s3:::data/*"
    }]
  })
}
resource "aws_sqs_queue_policy" "conditional" {
  policy = jsonencode({
# ok: terraform-policy-for-everybody
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.q.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_sns_topic.t.arn } }
    }]
  })
}
data "aws_iam_policy_document" "open" {
# ruleid: terraform-policy-for-everybody
  statement {
    actions   = ["sqs:*"]
    resources = [aws_sqs_queue.q.arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
