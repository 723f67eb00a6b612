import { PrismaClient } from "@prisma/client";
import { Request, Response } from "express";

const prisma = new PrismaClient();

export async function list(req: Request, res: Response): Promise<void> {
  const { name } = req.body;
  // ruleid: javascript-sql-injection-request
  await prisma.$queryRawUnsafe(`SELECT * FROM users WHERE name = '${name}'`);
  // ok: javascript-sql-injection-request
  await prisma.$queryRaw`SELECT * FROM users WHERE name = ${name}`;
  // ok: javascript-sql-injection-request
  await prisma.user.findMany({ where: { name } });
  res.end();
}
