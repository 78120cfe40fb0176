import json
import shlex


def ready(node, unit="webref-server.service", address="http://127.0.0.1:8484"):
    node.wait_for_unit(unit)
    node.wait_until_succeeds(f"curl -fsS {address}/health/ready", timeout=60)


def owner(node):
    """Makes the account that owns the server; answers a token of it."""
    node.succeed(
        "echo 'correct horse battery staple' | webref-manage user create ana@example.org --password-stdin"
    )
    return (
        node.succeed("webref-manage token create ana@example.org --name test --scope WRITE")
        .strip()
        .split()[-1]
    )


def ask(node, token, document, address="http://127.0.0.1:8484", options=""):
    """The data of a GraphQL answer; an answer with errors fails the test."""
    body = shlex.quote(json.dumps({"query": document}))
    said = node.succeed(
        f"curl -fsS {options} -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' "
        f"-d {body} {address}/graphql"
    )
    answer = json.loads(said)
    assert "errors" not in answer, said
    return answer["data"]


def upload(node, token, name, side=600, address="http://127.0.0.1:8484", options=""):
    """A picture in plain PPM turned to PNG by nobody but Python; answers its id."""
    node.succeed(
        "python3 -c "
        + shlex.quote(
            "import sys, zlib, struct\n"
            "side = int(sys.argv[2])\n"
            "chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data"
            " + struct.pack('>I', zlib.crc32(kind + data))\n"
            "rows = b''.join(b'\\0' + bytes((x * y + len(sys.argv[1])) % 256 for x in range(side * 3))"
            " for y in range(side))\n"
            "open(sys.argv[1], 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n'"
            " + chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0))"
            " + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))\n"
        )
        + f" /tmp/{name} {side}"
    )
    said = node.succeed(
        f"curl -fsS {options} -H 'Authorization: Bearer {token}' --data-binary @/tmp/{name} "
        f"'{address}/uploads?name={name}'"
    )
    return json.loads(said)["image"]["id"]


def wait_until_ready(node, token, images, address="http://127.0.0.1:8484", options=""):
    """Until the workers have made every size of these pictures."""

    def all_are(last):
        found = ask(node, token, "{ images(first: 200) { nodes { id state } } }", address, options)
        states = {image["id"]: image["state"] for image in found["images"]["nodes"]}
        if last:
            node.log(str(states))
        return all(states.get(image) == "READY" for image in images)

    retry(all_are, 120)
