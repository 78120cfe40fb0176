ADDRESS = "https://boards.test"
TLS = "--cacert /tmp/boards.crt"

start_all()
for unit in ("webref-server-1", "webref-server-2", "webref-worker-1", "webref-worker-2", "nginx"):
    server.wait_for_unit(f"{unit}.service")
ready(server, "webref-server-2.service", "http://127.0.0.1:8485")

token = owner(server)
certificate = server.succeed("cat /run/certificate/boards.crt")
client.succeed(f"cat > /tmp/boards.crt <<'END'\n{certificate}\nEND")
client.wait_until_succeeds(f"curl -fsS {TLS} {ADDRESS}/health/ready", timeout=60)

with subtest("plain HTTP leads to TLS, and the web app is there with its policy"):
    headers = client.succeed(f"curl -fsS {TLS} -D - -o /tmp/page {ADDRESS}/").lower()
    assert "content-security-policy" in headers, headers
    assert "strict-transport-security" in headers, headers
    assert "<script" in client.succeed("cat /tmp/page")

with subtest("pictures sent from far away lie in the bucket, every size of them"):
    images = [
        upload(client, token, f"picture-{number}.png", 800 + number, ADDRESS, TLS) for number in range(4)
    ]
    wait_until_ready(client, token, images, ADDRESS, TLS)
    status, said = server.execute("webref-manage storage check")
    assert status == 0, said
    objects = int(
        server.succeed("garage bucket info pictures | grep -i '^objects' | grep -o '[0-9]*' | head -1")
    )
    assert objects >= 4 * 2, objects
    status, _ = server.execute("find /var/lib/webref/blobs -type f -size +0 2>/dev/null | grep -q originals")
    assert status == 1

with subtest("one of each is killed, and work goes on"):
    for unit in ("webref-server-1", "webref-worker-1", "redis-webref"):
        server.succeed(f"systemctl kill --signal=KILL {unit}.service")
        wait_until_ready(
            client, token, [upload(client, token, f"{unit}.png", 640, ADDRESS, TLS)], ADDRESS, TLS
        )
        server.wait_for_unit(f"{unit}.service")

with subtest("every process tells what it counts"):
    for port in range(9464, 9468):
        assert "# TYPE" in server.succeed(f"curl -fsS http://127.0.0.1:{port}/metrics")

with subtest("all is well"):
    status, said = server.execute("webref-manage doctor")
    assert status == 0, said
