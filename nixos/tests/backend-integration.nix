# One machine: PostgreSQL, Redis, server and worker as units; a picture from upload to its sizes; a restart.
{
  lib,
  common,
  script,
  label ? "backend-integration",
  postgresql ? null,
}:
{
  name = "webref-${label}";
  nodes.machine = {
    imports = [ common ];
    services.webref.broker.createLocally = true;
    services.webref.backup = {
      target = "file:///srv/backup";
      keep = 2;
      verify = "monthly";
    };
    services.postgresql = lib.optionalAttrs (postgresql != null) { package = postgresql; };
  };
  testScript = script;
}
