# One machine: how quickly it is there, how much memory it takes, how a large board is read.
{ common, script, ... }:
{
  name = "webref-performance";
  nodes.machine.imports = [ common ];
  testScript = script;
}
