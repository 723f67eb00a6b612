import { Controller, Delete, ForbiddenException, Get, Param, Patch, Post, Body, Req, SetMetadata, UseGuards } from '@nestjs/common';
import { NextRequest, NextResponse } from 'next/server';
import Fastify from 'fastify';
import type { Request } from 'express';
import { AuthGuard, RolesGuard } from './guards';
import { accounts, invoices, verifySession } from './services';

const Roles = (...roles: string[]) => SetMetadata('roles', roles);
const Public = () => SetMetadata('public', true);
const fastify = Fastify();

// case: vulnerable (controller without a guard)
@Controller('admin/accounts')
export class AccountController {
  @Delete(':id')
  remove(@Param('id') id: string) {
    return accounts.remove(id);
  }
}

// case: safe (guards on the controller)
@Controller('admin/payroll')
@UseGuards(AuthGuard, RolesGuard)
@Roles('admin')
export class PayrollController {
  @Delete(':id')
  remove(@Param('id') id: string) {
    return accounts.remove(id);
  }
}

// case: vulnerable (declared public)
@Controller('admin/users')
@UseGuards(AuthGuard)
export class UserController {
  @Public()
  @Post(':id/roles')
  grant(@Param('id') id: string, @Body() body: { role: string }) {
    return accounts.grant(id, body.role);
  }
}

// case: safe (guard on the method)
@Controller('admin/audit')
export class AuditController {
  @Patch(':id')
  @UseGuards(AuthGuard, RolesGuard)
  @Roles('auditor')
  close(@Param('id') id: string) {
    return invoices.close(id);
  }
}

// case: safe (owner is compared in the handler)
@Controller('invoices')
@UseGuards(AuthGuard)
export class InvoiceController {
  @Get(':id')
  async read(@Param('id') id: string, @Req() request: Request & { user: { id: string } }) {
    const invoice = await invoices.find(id);
    if (invoice.owner !== request.user.id) {
      throw new ForbiddenException();
    }
    return invoice;
  }
}

// case: vulnerable (Next.js: deletes without asking who it is)
export async function DELETE(request: NextRequest) {
  const id = request.nextUrl.searchParams.get('id') as string;
  await accounts.remove(id);
  return NextResponse.json({ removed: id });
}

// case: safe (Next.js: session and role)
export async function PUT(request: NextRequest) {
  const session = await verifySession(request.cookies.get('session')?.value);
  if (session?.role !== 'admin') {
    return new NextResponse(null, { status: 403 });
  }
  const { id, role } = await request.json();
  await accounts.grant(id, role);
  return NextResponse.json({ id });
}

// case: vulnerable (Fastify: administration without a hook)
fastify.post('/admin/accounts/:id/disable', async (request) => {
  const { id } = request.params as { id: string };
  return accounts.disable(id);
});

// case: safe (Fastify: hook before the handler)
fastify.post('/admin/accounts/:id/enable', { preHandler: [AuthGuard.hook, RolesGuard.hook('admin')] }, async (request) => {
  const { id } = request.params as { id: string };
  return accounts.enable(id);
});
