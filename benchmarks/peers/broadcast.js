// A chat in 20 lines of node, for comparison: node broadcast.js PORT
const rooms = new Map(), room = name => rooms.get(name) ?? rooms.set(name, new Set()).get(name);

require('net').createServer({noDelay: true}, socket => {
  let nick = '', rest = '', mine = room('lobby').add(socket);
  socket.setEncoding('utf8').on('error', () => {}).on('close', () => mine.delete(socket));
  socket.on('data', text => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines.map(line => line.trimEnd())) {
      if (!nick) {
        socket.write(`Welcome ${nick = line}\r\n`);
      } else if (line.startsWith('/join ')) {
        mine.delete(socket);
        mine = room(line.slice(6)).add(socket);
      } else {
        for (const other of mine) if (other !== socket) other.write(`<${nick}> ${line}\r\n`);
      }
    }
  });
}).listen({port: +process.argv[2], host: '127.0.0.1', backlog: 4096});
