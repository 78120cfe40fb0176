# One machine: what the units may do, who can read secrets and data, and what listens where.
{ common, script, ... }:
{
  name = "webref-security";
  nodes.machine =
    { ... }:
    {
      imports = [ common ];
      services.webref.doctor.enable = true;
      services.webref.backup.target = "file:///srv/backup";
      users.users.mallory.isNormalUser = true;
    };
  testScript = script;
}
