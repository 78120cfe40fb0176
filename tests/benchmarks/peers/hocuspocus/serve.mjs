// Hocuspocus as its guide has it, on the port it is told.
import { Server } from "@hocuspocus/server";

await new Server({ port: Number(process.argv[2]), address: "127.0.0.1", quiet: true }).listen();
