start_all()
ready(machine)
machine.wait_for_unit("webref-worker.service")

with subtest("the database was brought up to date before anything served"):
    assert machine.succeed("systemctl show -P Result webref-migrate.service").strip() == "success"
    migrated = int(machine.succeed("systemctl show -P ExecMainExitTimestampMonotonic webref-migrate.service"))
    served = int(machine.succeed("systemctl show -P ExecMainStartTimestampMonotonic webref-server.service"))
    assert migrated <= served

token = owner(machine)

with subtest("a picture is taken by the server and finished by the worker"):
    images = [upload(machine, token, f"picture-{number}.png", 700 + number) for number in range(3)]
    wait_until_ready(machine, token, images)

with subtest("the jobs ran in the worker, not in the server"):
    environment = machine.succeed("systemctl show -P Environment webref-server.service")
    assert "WEBREF_WORKERS=0" in environment

with subtest("nobody is refused while the server restarts"):
    machine.succeed(
        "(for n in $(seq 400); do curl -s -o /dev/null -w '%{http_code}\\n' -m 60 "
        "http://127.0.0.1:8484/health/live || echo refused; sleep 0.02; done) > /tmp/answers 2>&1 & "
        "echo $! > /tmp/asking"
    )
    machine.succeed("systemctl restart webref-server.service")
    machine.wait_until_succeeds("! kill -0 $(cat /tmp/asking)", timeout=120)
    answers = machine.succeed("sort /tmp/answers | uniq -c").split()
    assert answers == ["400", "200"], answers

with subtest("a worker that is killed comes back and goes on"):
    machine.succeed("systemctl kill --signal=KILL webref-worker.service")
    wait_until_ready(machine, token, [upload(machine, token, "after.png", 900)])
    machine.wait_for_unit("webref-worker.service")

with subtest("a backup is made and can be restored"):
    machine.succeed("systemctl start webref-backup.service")
    machine.succeed("systemctl start webref-restore-drill.service")
    said = machine.succeed("webref-manage restore file:///srv/backup --list").split()
    assert len(said) == 1, said

with subtest("all is well"):
    status, said = machine.execute("webref-manage doctor --deep")
    assert status == 0, said
