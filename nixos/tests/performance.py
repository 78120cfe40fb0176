MOST_START_SECONDS = 10
MOST_IDLE_MB = 300
ITEMS = 2000

start_all()
ready(machine)
machine.wait_for_unit("webref-worker.service")
token = owner(machine)

with subtest("it is ready soon after it is started"):
    machine.succeed("systemctl restart webref-server.service")
    begun, active = (
        int(machine.succeed(f"systemctl show -P {moment} webref-server.service"))
        for moment in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    )
    seconds = (active - begun) / 1e6
    machine.log(f"ready after {seconds:.1f} s")
    assert seconds < MOST_START_SECONDS, seconds

with subtest("server and worker at rest take little memory"):
    machine.sleep(5)
    taken = 0
    for unit in ("webref-server", "webref-worker"):
        group = machine.succeed(f"systemctl show -P ControlGroup {unit}.service").strip()
        taken += int(machine.succeed(f"grep '^anon ' /sys/fs/cgroup{group}/memory.stat | cut -d ' ' -f 2"))
    machine.log(f"{taken / 1e6:.0f} MB at rest")
    assert taken < MOST_IDLE_MB * 1e6, taken

with subtest("a board of many items is read about as quickly as its bytes are sent"):
    board = ask(machine, token, 'mutation { createBoard(input: {title: "large"}) { board { id } } }')
    board_id = board["createBoard"]["board"]["id"]
    note = '{content: {note: {text: "n"}}}'
    for _ in range(ITEMS // 500):
        items = ", ".join([note] * 500)
        into = f'{{boardId: "{board_id}", items: [{items}]}}'
        adding = f"mutation {{ addItems(input: {into}) {{ board {{ seq }} }} }}"
        machine.succeed(f"cat > /tmp/adding <<'END'\n{json.dumps({'query': adding})}\nEND")
        said = machine.succeed(
            f"curl -fsS -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' "
            "--data-binary @/tmp/adding http://127.0.0.1:8484/graphql"
        )
        assert "errors" not in json.loads(said), said
    reading = f'{{ board(id: "{board_id}") {{ items(first: {ITEMS}) {{ nodes {{ id x y z }} }} }} }}'
    read = ask(machine, token, reading)
    assert len(read["board"]["items"]["nodes"]) == ITEMS
    machine.succeed(f"cat > /tmp/reading <<'END'\n{json.dumps({'query': reading})}\nEND")
    times = sorted(
        float(
            machine.succeed(
                f"curl -fsS -o /dev/null -w '%{{time_total}}' -H 'Authorization: Bearer {token}' "
                "-H 'Content-Type: application/json' --data-binary @/tmp/reading http://127.0.0.1:8484/graphql"
            )
        )
        for _ in range(20)
    )
    machine.log(f"{ITEMS} items: median {times[10] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms")
    assert times[10] < 1.0, times
