import Fastify, { FastifyRequest } from 'fastify';
import knexFactory from 'knex';
import { Sequelize, QueryTypes, literal } from 'sequelize';
import { DataSource } from 'typeorm';
import { PrismaClient, Prisma } from '@prisma/client';

const fastify = Fastify();
const knex = knexFactory({ client: 'pg', connection: process.env.DATABASE_URL });
const sequelize = new Sequelize(process.env.DATABASE_URL as string);
const prisma = new PrismaClient();
declare const source: DataSource;

interface StockQuery {
  sku: string;
  shelf?: string;
  page?: string;
}

type StockRequest = FastifyRequest<{ Querystring: StockQuery; Body: Record<string, string>; Params: { id: string } }>;

// case: vulnerable (knex.raw with a template literal)
fastify.get('/stock', async (request: StockRequest) => {
  return knex.raw(`select * from stock where sku = '${request.query.sku}'`);
});

// case: safe (knex.raw with bindings)
fastify.get('/stock/bound', async (request: StockRequest) => {
  return knex.raw('select * from stock where sku = ?', [String(request.query.sku)]);
});

// case: vulnerable (whereRaw)
fastify.get('/shelf', async (request: StockRequest) => {
  return knex('stock').whereRaw("shelf like '" + request.query.shelf + "%'").limit(20);
});

// case: safe (query builder)
fastify.get('/shelf/built', async (request: StockRequest) => {
  return knex('stock').where('shelf', 'like', `${request.query.shelf}%`).limit(20);
});

// case: vulnerable (sequelize.query)
fastify.post('/move', async (request: StockRequest) => {
  const { from, to } = request.body;
  const statement = 'UPDATE stock SET shelf = ' + JSON.stringify(to) + " WHERE shelf = '" + from + "'";
  await sequelize.query(statement);
  return { moved: true };
});

// case: safe (sequelize replacements)
fastify.post('/move/named', async (request: StockRequest) => {
  const from = String(request.body.from);
  const to = String(request.body.to);
  await sequelize.query('UPDATE stock SET shelf = :to WHERE shelf = :from', {
    replacements: { from, to },
    type: QueryTypes.UPDATE,
  });
  return { moved: true };
});

// case: vulnerable (literal in an order)
fastify.get('/top', async (request: StockRequest) => {
  return sequelize.models.Stock.findAll({ order: [literal(request.query.sku + ' DESC')], limit: 5 });
});

// case: vulnerable (TypeORM query builder with text in where)
fastify.get('/parts', async (request: StockRequest) => {
  return source
    .getRepository('Part')
    .createQueryBuilder('part')
    .where(`part.number = '${request.query.sku}'`)
    .getMany();
});

// case: safe (TypeORM parameters)
fastify.get('/parts/bound', async (request: StockRequest) => {
  return source
    .getRepository('Part')
    .createQueryBuilder('part')
    .where('part.number = :number', { number: String(request.query.sku) })
    .getMany();
});

// case: vulnerable (Prisma's unsafe variant)
fastify.get('/batches/:id', async (request: StockRequest) => {
  return prisma.$queryRawUnsafe("SELECT * FROM batch WHERE code = '" + request.params.id + "'");
});

// case: safe (a tagged template binds what stands in it)
fastify.get('/batches/tagged/:id', async (request: StockRequest) => {
  return prisma.$queryRaw`SELECT * FROM batch WHERE code = ${request.params.id}`;
});

// case: safe (composed of tagged parts)
fastify.get('/batches/composed/:id', async (request: StockRequest) => {
  const condition = Prisma.sql`code = ${request.params.id}`;
  return prisma.$queryRaw(Prisma.sql`SELECT * FROM batch WHERE ${condition}`);
});

// case: safe (switch on a character of a constant string takes the constant arm)
fastify.get('/zones', async (request: StockRequest) => {
  const guess = 'ABC';
  let zone: string;
  switch (guess.charAt(1)) {
    case 'A':
      zone = String(request.query.shelf);
      break;
    case 'B':
      zone = 'north';
      break;
    default:
      zone = String(request.query.sku);
  }
  return knex.raw(`select * from stock where zone = '${zone}'`);
});

export default fastify;
