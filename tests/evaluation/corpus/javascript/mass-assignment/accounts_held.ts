import { Body, Controller, Param, Patch, Post, Put, ValidationPipe } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { InjectRepository } from '@nestjs/typeorm';
import { IsEmail, IsString } from 'class-validator';
import { Model } from 'mongoose';
import { Repository } from 'typeorm';
import { PrismaClient } from '@prisma/client';
import { NextRequest, NextResponse } from 'next/server';
import { z } from 'zod';

const prisma = new PrismaClient();
const Change = z.object({ name: z.string().max(80), mail: z.string().email() });

class Account {
  id!: string;
  name!: string;
  admin!: boolean;
}

class ChangeDto {
  @IsString()
  name!: string;

  @IsEmail()
  mail!: string;
}

@Controller('accounts')
export class AccountController {
  constructor(
    @InjectModel('Account') private readonly model: Model<Account>,
    @InjectRepository(Account) private readonly repository: Repository<Account>,
  ) {}

  // case: vulnerable (Mongoose)
  @Put(':id')
  replace(@Param('id') id: string, @Body() body: any) {
    return this.model.findByIdAndUpdate(id, body, { new: true });
  }

  // case: safe (Mongoose, two fields)
  @Put(':id/name')
  rename(@Param('id') id: string, @Body() body: any) {
    return this.model.findByIdAndUpdate(id, { $set: { name: String(body.name) } }, { new: true });
  }

  // case: vulnerable (TypeORM)
  @Post()
  create(@Body() body: any) {
    const account = this.repository.create(body);
    return this.repository.save(account);
  }

  // case: safe (TypeORM, class with validators and unknown fields stripped)
  @Post('validated')
  createValidated(@Body(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true })) body: ChangeDto) {
    const account = this.repository.create(body as object);
    return this.repository.save(account);
  }

  // case: vulnerable (entity built with a spread)
  @Patch(':id')
  async change(@Param('id') id: string, @Body() body: any) {
    const account = await this.repository.findOneByOrFail({ id });
    await this.repository.save({ ...account, ...body });
    return { id };
  }
}

// case: vulnerable (Prisma; Next.js)
export async function PUT(request: NextRequest) {
  const data = await request.json();
  const account = await prisma.account.update({ where: { id: data.id }, data });
  return NextResponse.json({ id: account.id });
}

// case: safe (Prisma; schema strips unknown fields)
export async function PATCH(request: NextRequest) {
  const data = Change.parse(await request.json());
  const id = request.headers.get('x-account') ?? '';
  await prisma.account.update({ where: { id }, data });
  return NextResponse.json({ id });
}

// case: safe (the privileged fields are our own)
export async function POST(request: NextRequest) {
  const { name } = await request.json();
  const account = await prisma.account.create({ data: { name: String(name), admin: false } });
  return NextResponse.json({ id: account.id });
}
