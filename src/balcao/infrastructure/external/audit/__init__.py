"""The audit trail outside the database: bundles for auditors, and heads that are published."""
