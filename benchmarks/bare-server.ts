// One fastify route that answers what it was given: what HTTP alone costs.
import Fastify from 'fastify'

const slate = JSON.parse(process.argv[2]!)
const app = Fastify()
app.get('/recommend', async () => slate)
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
process.on('SIGTERM', () => process.exit())
