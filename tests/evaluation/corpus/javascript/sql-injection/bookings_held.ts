import type { NextApiRequest, NextApiResponse } from 'next';
import { NextRequest, NextResponse } from 'next/server';
import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query, Req } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import { createPool, RowDataPacket } from 'mysql2/promise';
import postgres from 'postgres';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { z } from 'zod';
import type { Request } from 'express';

const pool = createPool(process.env.MYSQL_URL as string);
const pgsql = postgres(process.env.DATABASE_URL as string);
const orm = drizzle(process.env.DATABASE_URL as string);

const Direction = z.enum(['ASC', 'DESC']);

class Booking {
  id!: string;
  room!: string;
}

// case: vulnerable (Next.js API route)
export default async function handler(req: NextApiRequest, res: NextApiResponse) {
  const { room } = req.query;
  const [rows] = await pool.query<RowDataPacket[]>(`SELECT * FROM bookings WHERE room = '${room}'`);
  res.status(200).json(rows);
}

// case: vulnerable (Next.js route handler, search parameters)
export async function GET(request: NextRequest) {
  const guest = request.nextUrl.searchParams.get('guest') ?? '';
  const rows = await pgsql.unsafe('SELECT * FROM bookings WHERE guest = ' + "'" + guest + "'");
  return NextResponse.json(rows);
}

// case: safe (postgres.js binds in its tag)
export async function HEAD(request: NextRequest) {
  const guest = request.nextUrl.searchParams.get('guest') ?? '';
  const rows = await pgsql`SELECT count(*) FROM bookings WHERE guest = ${guest}`;
  return new NextResponse(null, { headers: { 'x-count': String(rows.length) } });
}

// case: vulnerable (drizzle's raw)
export async function PUT(request: NextRequest) {
  const { note, id } = await request.json();
  await orm.execute(sql.raw(`UPDATE bookings SET note = '${note}' WHERE id = ${Number(id)}`));
  return NextResponse.json({ id });
}

// case: safe (drizzle's tag)
export async function PATCH(request: NextRequest) {
  const { note, id } = await request.json();
  await orm.execute(sql`UPDATE bookings SET note = ${note} WHERE id = ${Number(id)}`);
  return NextResponse.json({ id });
}

@Controller('bookings')
export class BookingController {
  constructor(
    private readonly source: DataSource,
    @InjectRepository(Booking) private readonly bookings: Repository<Booking>,
  ) {}

  // case: vulnerable (direction of the sort)
  @Get()
  list(@Query('direction') direction: string) {
    return this.source.query('SELECT * FROM bookings ORDER BY day ' + direction);
  }

  // case: safe (schema lets two words pass)
  @Get('sorted')
  sorted(@Query('direction') direction: string) {
    const word = Direction.parse(direction);
    return this.source.query('SELECT * FROM bookings ORDER BY day ' + word);
  }

  // case: vulnerable (passed through two private methods)
  @Post('cancel')
  cancel(@Body() body: { code: string }) {
    return this.source.query(this.statement(body.code));
  }

  private statement(code: string): string {
    return ['DELETE FROM bookings WHERE code = ', this.quote(code)].join('');
  }

  private quote(text: string): string {
    return "'" + text + "'";
  }

  // case: safe (repository with an object of plain strings)
  @Get('room/:room')
  byRoom(@Param('room') room: string) {
    return this.bookings.findBy({ room });
  }

  // case: safe (identifier must be a UUID)
  @Get('raw/:id')
  raw(@Param('id', ParseUUIDPipe) id: string) {
    return this.source.query("SELECT * FROM bookings WHERE id = '" + id + "'");
  }

  // case: vulnerable (the cookie's value cut to a length that still suffices)
  @Get('mine')
  mine(@Req() request: Request) {
    const guest = request.cookies.guest.substring(0, 64);
    return this.bookings.query(`SELECT * FROM bookings WHERE guest = '${guest}'`);
  }

  // case: safe (the value is only part of the log line, the statement is constant)
  @Get('free')
  free(@Query('day') day: string) {
    const statement = 'SELECT room FROM rooms WHERE room NOT IN (SELECT room FROM bookings)';
    console.info(statement, JSON.stringify(day));
    return this.source.query(statement);
  }

  // case: safe (positional parameters)
  @Get('day')
  day(@Query('day') day: string) {
    return this.source.query('SELECT * FROM bookings WHERE day = $1', [day]);
  }
}
