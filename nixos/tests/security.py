MOST_EXPOSURE = 1.5
UNITS = ("webref-migrate", "webref-server", "webref-worker", "webref-doctor", "webref-backup")

start_all()
ready(machine)
machine.wait_for_unit("webref-worker.service")
token = owner(machine)
wait_until_ready(machine, token, [upload(machine, token, "picture.png")])


def by_mallory(command):
    """The exit code and the words of what another person of this machine tries."""
    return machine.execute(f"su mallory -c {shlex.quote(command)}")


with subtest("the units are exposed as little as is promised"):
    for unit in UNITS:
        said = machine.succeed(f"systemd-analyze security --no-pager {unit}.service | tail -1")
        exposure = float(said.rpartition(": ")[2].split()[0])
        assert exposure <= MOST_EXPOSURE, said

with subtest("secrets are files for these units alone, in no environment and in no unit"):
    for unit in ("webref-server", "webref-worker"):
        folder = f"/run/credentials/{unit}.service"
        assert machine.succeed(f"stat -c %a {folder}/WEBREF_SECRET").strip() in ("400", "440")
        status, said = by_mallory(f"cat {folder}/WEBREF_SECRET")
        assert status != 0, said
        assert "secret of this test" not in said, said
        process = machine.succeed(f"systemctl show -P MainPID {unit}.service").strip()
        status, _ = machine.execute(f"grep -q 'secret of this test' /proc/{process}/environ")
        assert status == 1  # read, and not in it
        status, _ = machine.execute(f"systemctl cat {unit}.service | grep -q 'secret of this test'")
        assert status == 1

with subtest("data is for webref alone"):
    assert machine.succeed("stat -c '%a %U' /var/lib/webref").split() == ["700", "webref"]
    status, _ = by_mallory("ls /var/lib/webref")
    assert status not in (0, 127)
    status, said = by_mallory("psql -U webref webref -c 'select 1'")
    assert status != 0, said
    assert "1 row" not in said, said

with subtest("nothing listens but on the loopback"):
    listening = machine.succeed("ss -Hltn '( sport = :8484 or sport = :5432 )'").split("\n")
    assert listening, "the server does not listen"
    for line in filter(None, listening):
        assert line.split()[3].rpartition(":")[0] in ("127.0.0.1", "[::1]"), line

with subtest("what opens pictures is confined by more than its unit"):
    process = machine.succeed("systemctl show -P MainPID webref-server.service").strip()
    status = machine.succeed(f"grep -E '^(NoNewPrivs|Seccomp|CapEff)' /proc/{process}/status").split()
    assert status == ["NoNewPrivs:", "1", "Seccomp:", "2", "CapEff:", "0000000000000000"], status
    said = machine.succeed("webref-manage doctor")
    assert "FAIL" not in said, said
