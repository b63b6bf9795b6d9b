import { terraformStateEncryption } from '../../src/checks/terraform-state-encryption.ts';
import { testCheck } from '../check-tester.ts';

const S3 = 'bucket = "acme"\n    key    = "prod/state"\n    region = "eu-west-1"';
const backend = (type: string, body: string) => `terraform {\n  backend "${type}" {\n    ${body}\n  }\n}\n`;
const RESOURCE = 'resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}\n';
const BUCKET = 'resource "aws_s3_bucket" "state" {\n  bucket = "acme-tfstate"\n}\n';
const ENCRYPTION =
  'resource "aws_s3_bucket_server_side_encryption_configuration" "state" {\n  bucket = aws_s3_bucket.state.id\n}\n';
const VERSIONING =
  'resource "aws_s3_bucket_versioning" "state" {\n  bucket = "acme-tfstate"\n  versioning_configuration {\n    status = "Enabled"\n  }\n}\n';
const CLOSED =
  'resource "aws_s3_bucket_public_access_block" "state" {\n  bucket = aws_s3_bucket.state[0].bucket\n  block_public_acls = true\n  block_public_policy = true\n  ignore_public_acls = true\n  restrict_public_buckets = true\n}\n';
const STATE = '{"version": 4, "serial": 7, "resources": [{"type": "aws_db_instance"}]}\n';

testCheck(terraformStateEncryption, {
  valid: [
    { name: 's3 with encrypt', files: { 'main.tf': backend('s3', `${S3}\n    encrypt = true`) }, subjects: 1 },
    { name: 's3 with a quoted truth value', files: { 'main.tf': backend('s3', `${S3}\n    encrypt = "true"`) } },
    { name: 's3 with a KMS key', files: { 'main.tf': backend('s3', `${S3}\n    kms_key_id = "alias/state"`) } },
    {
      name: 'backend in a sibling file of the resources',
      files: { 'infra/main.tf': RESOURCE, 'infra/backend.tf': backend('s3', `${S3}\n    encrypt = true`) },
      subjects: 1,
    },
    {
      name: 'a settings file given at init',
      files: {
        'infra/main.tf': backend('s3', 'key = "x"'),
        'infra/prod.tfbackend': 'bucket = "acme"\nencrypt = true\n',
      },
      subjects: 1,
    },
    {
      name: 'backend settings in a file with a plain name',
      files: {
        'infra/main.tf': backend('s3', ''),
        'infra/env/backend.hcl': 'bucket = "acme"\nkey = "x"\nencrypt = "true"\n',
      },
    },
    { name: 'gcs', files: { 'main.tf': backend('gcs', 'bucket = "acme"') } },
    {
      name: 'gcs with a key of its own',
      files: { 'main.tf': backend('gcs', 'bucket = "acme"\n    kms_encryption_key = "k"') },
    },
    { name: 'azurerm', files: { 'main.tf': backend('azurerm', 'container_name = "state"\n    key = "x"') } },
    { name: 'remote', files: { 'main.tf': backend('remote', 'organization = "acme"') } },
    {
      name: 'cloud block',
      files: { 'main.tf': `terraform {\n  cloud {\n    organization = "acme"\n  }\n}\n${RESOURCE}` },
    },
    { name: 'http backend with TLS', files: { 'main.tf': backend('http', 'address = "https://state.acme.dev/prod"') } },
    {
      name: 'pg with verified TLS',
      files: { 'main.tf': backend('pg', 'conn_str = "postgres://db/tf?sslmode=verify-full"') },
    },
    {
      name: 'state encrypted by OpenTofu',
      files: {
        'main.tofu':
          'terraform {\n  encryption {\n    method "aes_gcm" "main" {\n      keys = key_provider.pbkdf2.main\n    }\n    state {\n      method = method.aes_gcm.main\n    }\n  }\n}\n' +
          RESOURCE,
      },
    },
    {
      name: 'child module without a backend',
      files: {
        'live/main.tf': `${backend('s3', `${S3}\n    encrypt = true`)}module "net" {\n  source = "../shared/net"\n}\n`,
        'shared/net/main.tf': RESOURCE,
      },
      subjects: 1,
    },
    {
      name: 'JSON syntax with encryption',
      files: {
        'main.tf.json': '{"terraform": {"backend": {"s3": {"bucket": "acme", "key": "x", "encrypt": true}}}}\n',
      },
    },
    {
      name: 'Terragrunt remote state, and the modules it deploys',
      files: {
        'live/root.hcl':
          'remote_state {\n  backend = "s3"\n  config = {\n    bucket = "acme"\n    key = "${path_relative_to_include()}/state"\n    encrypt = true\n  }\n}\n',
        'live/prod/vpc/terragrunt.hcl':
          'include "root" {\n  path = find_in_parent_folders("root.hcl")\n}\nterraform {\n  source = "../../../stack//vpc"\n}\n',
        'stack/vpc/main.tf': `terraform {\n  backend "s3" {}\n}\n${RESOURCE}`,
      },
      subjects: 1,
    },
    {
      name: 'backend that Terragrunt generates',
      files: {
        'terragrunt.hcl':
          'generate "backend" {\n  path      = "backend.tf"\n  contents  = <<-EOT\n    terraform {\n      backend "s3" {\n        key     = "${path_relative_to_include()}/x"\n        bucket  = "acme"\n        encrypt = true\n      }\n    }\n  EOT\n}\n',
      },
    },
    {
      name: 'a protected state bucket',
      files: { 'state/main.tf': `${backend('gcs', 'bucket = "x"')}${BUCKET}${ENCRYPTION}${VERSIONING}${CLOSED}` },
      subjects: 2,
    },
    {
      name: 'a state bucket protected by nested blocks of old providers',
      files: {
        'state/main.tf': `${backend('gcs', 'bucket = "x"')}resource "aws_s3_bucket" "b" {\n  bucket = "acme-terraform-state"\n  versioning {\n    enabled = true\n  }\n  server_side_encryption_configuration {\n    rule {}\n  }\n}\n${CLOSED.replace('aws_s3_bucket.state[0].bucket', 'aws_s3_bucket.b.id')}`,
      },
    },
    {
      name: 'a folder of parts below a root',
      files: { 'aws/main.tf': backend('gcs', 'bucket = "acme"'), 'aws/network/vpc.tf': RESOURCE },
      subjects: 1,
    },
    {
      name: 'access logs of the state bucket',
      files: {
        'main.tf': `${backend('gcs', 'bucket = "acme"')}resource "aws_s3_bucket" "state_logs" {\n  bucket = "acme-terraform-state-logs"\n}\n`,
      },
      subjects: 1,
    },
    {
      name: 'other buckets are no state buckets',
      files: {
        'main.tf': `${backend('s3', `${S3}\n    encrypt = true`)}resource "aws_s3_bucket" "logs" {\n  bucket = "acme-logs"\n}\n`,
      },
      subjects: 1,
    },
    {
      name: 'gitignore with state patterns',
      files: {
        '.gitignore': '*.tfstate\n*.tfstate.*\n.terraform/\n',
        'main.tf': backend('azurerm', 'container_name = "c"'),
      },
      subjects: 2,
    },
    {
      name: 'a state file that OpenTofu encrypted',
      files: { 'terraform.tfstate': '{"serial": 1, "encrypted_data": "AAAA", "encryption_version": "v0"}\n' },
    },
    {
      name: 'reading the state of another root',
      files: {
        'main.tf': `${backend('gcs', 'bucket = "acme"')}data "terraform_remote_state" "net" {\n  backend = "s3"\n  config = {\n    bucket = "acme"\n    key = "net"\n  }\n}\n`,
      },
      subjects: 1,
    },
    {
      name: 'arguments of init in a script',
      files: {
        'infra/main.tf': backend('s3', ''),
        'deploy.sh':
          '#!/bin/sh\nterraform -chdir=infra init -backend-config="bucket=acme" -backend-config="key=prod" -backend-config=encrypt=true\n',
      },
      subjects: 1,
    },
    {
      name: 'arguments of init in a pipeline',
      files: {
        'infra/main.tf': backend('s3', ''),
        '.github/workflows/apply.yml':
          'on: push\njobs:\n  apply:\n    runs-on: ubuntu-latest\n    defaults:\n      run:\n        working-directory: infra\n    steps:\n      - run: |\n          terraform init \\\n            -backend-config="bucket=acme" \\\n            -backend-config "key=prod" \\\n            -backend-config="encrypt=true"\n',
      },
      subjects: 1,
    },
    {
      name: 'OpenTofu encrypts with a method of its own',
      files: {
        'main.tofu': `terraform {\n  encryption {\n    key_provider "aws_kms" "main" {\n      kms_key_id = "alias/state"\n      key_spec = "AES_256"\n    }\n    method "aes_gcm" "main" {\n      keys = key_provider.aws_kms.main\n    }\n    state {\n      method   = method.aes_gcm.main\n      enforced = true\n    }\n  }\n  backend "s3" {\n    ${S3}\n  }\n}\n${RESOURCE}`,
      },
    },
    {
      name: 'Terragrunt settings from locals and merge',
      files: {
        'root.hcl':
          'locals {\n  region = "eu-west-1"\n  common = { encrypt = true }\n}\nremote_state {\n  backend = "s3"\n  generate = {\n    path      = "backend.tf"\n    if_exists = "overwrite"\n  }\n  config = merge(local.common, {\n    bucket = "state-${local.region}"\n    key    = "x"\n  })\n}\n',
      },
    },
    {
      name: 'an override file completes the backend',
      files: {
        'main.tf': backend('local', 'path = "x.tfstate"'),
        'backend_override.tf': backend('s3', `${S3}\n    encrypt = true`),
      },
    },
  ],
  invalid: [
    {
      name: 's3 without encryption',
      files: { 'main.tf': backend('s3', S3) },
      findings: [{ message: 'unencrypted', at: 'main.tf:2', confidence: 'high' }],
    },
    {
      name: 's3 with encryption switched off',
      files: { 'main.tf': backend('s3', `${S3}\n    encrypt = false`) },
      findings: [{ message: 'disabled', at: 'main.tf:6' }],
    },
    {
      name: 'encryption only in a comment',
      files: { 'main.tf': backend('s3', `${S3}\n    # encrypt = true`) },
      findings: [{ message: 'unencrypted', at: 'main.tf:2' }],
    },
    {
      name: 'locking is no encryption',
      files: { 'main.tf': backend('s3', `${S3}\n    dynamodb_table = "locks"\n    use_lockfile = true`) },
      findings: [{ message: 'unencrypted', at: 'main.tf:2' }],
    },
    {
      name: 'JSON syntax',
      files: { 'main.tf.json': '{"terraform": {"backend": {"s3": {"bucket": "acme", "key": "x"}}}}\n' },
      findings: [{ message: 'unencrypted', at: 'main.tf.json:1' }],
    },
    {
      name: 'Terragrunt remote state without encryption',
      files: {
        'terragrunt.hcl':
          'remote_state {\n  backend = "s3"\n  config = {\n    bucket = "acme"\n    key = "x"\n  }\n}\n',
      },
      findings: [{ message: 'unencrypted', at: 'terragrunt.hcl:1' }],
    },
    {
      name: 'Terragrunt writes a backend without encryption',
      files: {
        'root.hcl':
          'locals {\n  env = "prod"\n}\ngenerate "backend" {\n  path = "backend.tf"\n  contents = <<EOT\nterraform {\n  backend "s3" {\n    bucket = "acme"\n    key = "k"\n  }\n}\nEOT\n}\n',
      },
      findings: [{ message: 'unencrypted', at: 'root.hcl:4' }],
    },
    {
      name: 'arguments of init in a pipeline, without encryption',
      files: {
        'infra/main.tf': backend('s3', ''),
        '.gitlab-ci.yml':
          'apply:\n  script:\n    - cd infra\n    - terraform init -backend-config="bucket=acme" -backend-config="key=prod"\n    - terraform apply\n',
      },
      findings: [{ message: 'unencrypted', at: 'infra/main.tf:2' }],
    },
    {
      name: 'OpenTofu with the method for plain text',
      files: {
        'main.tofu': `terraform {\n  encryption {\n    method "unencrypted" "migrate" {}\n    state {\n      method = method.unencrypted.migrate\n    }\n  }\n  backend "s3" {\n    ${S3}\n  }\n}\n${RESOURCE}`,
      },
      findings: [{ message: 'unencrypted', at: 'main.tofu:8' }],
    },
    {
      name: 'local backend',
      files: { 'main.tf': `${backend('local', 'path = "state/x"')}${RESOURCE}` },
      findings: [{ message: 'local', at: 'main.tf:2' }],
    },
    {
      name: 'plain http',
      files: { 'main.tf': backend('http', 'address = "http://state.acme.dev/prod"') },
      findings: [{ message: 'plain', at: 'main.tf:2' }],
    },
    {
      name: 'consul without TLS',
      files: { 'main.tf': backend('consul', 'address = "consul.acme.dev"\n    scheme = "http"\n    path = "tf"') },
      findings: [{ message: 'plain', at: 'main.tf:2' }],
    },
    {
      name: 'consul with the default scheme',
      files: { 'main.tf': backend('consul', 'path = "tf"') },
      findings: [{ message: 'plain', at: 'main.tf:2' }],
    },
    {
      name: 'PostgreSQL without TLS',
      files: { 'main.tf': backend('pg', 'conn_str = "postgres://db.acme.dev/tf?sslmode=disable"') },
      findings: [{ message: 'plain', at: 'main.tf:2' }],
    },
    {
      name: 'root without a backend',
      files: { 'infra/main.tf': `provider "aws" {}\n${RESOURCE}` },
      findings: [{ message: 'missing', at: 'infra/main.tf:2' }],
    },
    {
      name: 'root that only calls modules, with required providers only',
      files: {
        'infra/versions.tf': 'terraform {\n  required_version = ">= 1.5"\n}\n',
        'infra/main.tf': 'module "vpc" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n',
      },
      findings: [{ message: 'missing', at: 'infra/versions.tf:1' }],
    },
    {
      name: 'backend that is only a comment',
      files: { 'infra/main.tf': `terraform {\n  # backend "s3" {\n  #   bucket = "acme"\n  # }\n}\n${RESOURCE}` },
      findings: [{ message: 'commented', at: 'infra/main.tf:2' }],
      // The place is a comment already.
      skip: ['comment'],
    },
    {
      name: 'settings file without encryption',
      files: {
        'infra/main.tf': backend('s3', 'key = "x"'),
        'infra/prod.tfbackend': 'bucket = "acme"\nregion = "eu-west-1"\n',
      },
      findings: [{ message: 'unencrypted', at: 'infra/prod.tfbackend:1' }],
    },
    {
      name: 'committed state and its backups',
      files: {
        'infra/terraform.tfstate': STATE,
        'infra/terraform.tfstate.backup': `${STATE}\n`,
        'infra/terraform.tfstate.d/prod/terraform.tfstate': `\n${STATE}`,
      },
      findings: [
        { message: 'stateFile', at: 'infra/terraform.tfstate:1', severity: 'high' },
        { message: 'stateFile', at: 'infra/terraform.tfstate.backup:1' },
        { message: 'stateFile', at: 'infra/terraform.tfstate.d/prod/terraform.tfstate:1' },
      ],
    },
    {
      name: 'saved plans',
      files: {
        'infra/tfplan': 'PK',
        'infra/prod.tfplan': 'PK ',
        'infra/plan.json': '{}\n',
        'infra/main.tf': backend('gcs', 'bucket = "a"'),
      },
      findings: [
        { message: 'planFile', at: 'infra/tfplan:1' },
        { message: 'planFile', at: 'infra/prod.tfplan:1' },
        { message: 'planFile', at: 'infra/plan.json:1' },
      ],
    },
    {
      name: 'gitignore that lets state in',
      files: { '.gitignore': 'node_modules/\n*.log\n', 'main.tf': backend('gcs', 'bucket = "acme"') },
      findings: [{ message: 'notIgnored', at: '.gitignore:1', confidence: 'medium', severity: 'low' }],
    },
    {
      name: 'state bucket without protection',
      files: { 'main.tf': `${backend('s3', `bucket = "acme-tfstate"\n    key = "x"\n    encrypt = true`)}${BUCKET}` },
      findings: [{ message: 'bucket', at: 'main.tf:8' }],
    },
    {
      name: 'state bucket of a plain name, defined in another root, half protected',
      files: {
        'live/main.tf': backend('s3', `${S3}\n    encrypt = true`),
        'boot/main.tf': `${backend('gcs', 'bucket = "b"')}variable "name" {\n  default = "acme"\n}\nresource "aws_s3_bucket" "this" {\n  bucket = var.name\n}\nresource "aws_s3_bucket_versioning" "this" {\n  bucket = aws_s3_bucket.this.id\n  versioning_configuration {\n    status = "Suspended"\n  }\n}\n`,
      },
      findings: [{ message: 'bucket', at: 'boot/main.tf:9' }],
    },
  ],
  notApplicable: [
    { name: 'no Terraform', files: { 'README.md': 'backend "s3" {}\n', '.gitignore': 'dist\n' } },
    { name: 'a module for others', files: { 'modules/net/main.tf': RESOURCE } },
    {
      name: 'a published module',
      files: {
        'main.tf': RESOURCE,
        'variables.tf': 'variable "cidr" {\n  type = string\n}\n',
        'outputs.tf': 'output "id" {\n  value = aws_vpc.main.id\n}\n',
      },
    },
    {
      name: 'the note of init about a remote backend',
      files: { '.terraform/terraform.tfstate': '{"backend": {"type": "s3"}}\n' },
    },
    { name: 'another program that writes HCL', files: { 'job.nomad.hcl': 'job "web" {\n  type = "service"\n}\n' } },
  ],
  unknown: [
    { name: 'settings given at init', files: { 'main.tf': `${backend('s3', '')}${RESOURCE}` } },
    { name: 'settings from the environment', files: { 'main.tf': backend('http', '') } },
    { name: 'a broken file', files: { 'main.tf': 'terraform {\n  backend "s3" {\n    bucket = = "x"\n' } },
    { name: 'encryption by a variable', files: { 'main.tf': backend('s3', `${S3}\n    encrypt = var.encrypt`) } },
  ],
});
