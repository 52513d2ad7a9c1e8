-- What the values of a hosted server name and it reaches: JSON, a list of variable, host, port and encrypted. No secret.
alter table hosted_instances add column reaches text not null default '[]';
