import { Body, Controller, Get, Headers, Param, Post, Query, UnauthorizedException } from '@nestjs/common';
import { Client, EqualityFilter, AndFilter, Filter } from 'ldapts';
import * as ldap from 'ldapjs';

const client = new Client({ url: 'ldaps://ldap.example.com' });
const legacy = ldap.createClient({ url: ['ldaps://ldap1.example.com', 'ldaps://ldap2.example.com'] });
const BASE = 'dc=example,dc=com';

class FilterBuilder {
  private readonly parts: string[] = [];

  with(attribute: string, value: string): FilterBuilder {
    this.parts.push('(' + attribute + '=' + value + ')');
    return this;
  }

  build(): string {
    return '(&' + this.parts.join('') + ')';
  }
}

@Controller('groups')
export class GroupController {
  private readonly attribute = 'cn';

  // case: vulnerable (ldapts)
  @Get()
  async list(@Query('name') name: string) {
    const { searchEntries } = await client.search(BASE, { scope: 'sub', filter: `(cn=${name})` });
    return searchEntries;
  }

  // case: safe (ldapts, filter object)
  @Get('exact')
  async exact(@Query('name') name: string) {
    const filter = new EqualityFilter({ attribute: 'cn', value: name });
    const { searchEntries } = await client.search(BASE, { scope: 'sub', filter });
    return searchEntries;
  }

  // case: vulnerable (builder of this file)
  @Post('find')
  async find(@Body() body: { name: string; owner: string }) {
    const filter = new FilterBuilder().with('cn', body.name).with('owner', body.owner).build();
    const result = await client.search('ou=groups,' + BASE, { filter });
    return result.searchEntries;
  }

  // case: safe (builder with constants, the body only limits the number)
  @Post('first')
  async first(@Body() body: { limit: number }) {
    const filter = new FilterBuilder().with('objectClass', 'groupOfNames').with('cn', '*').build();
    const result = await client.search('ou=groups,' + BASE, { filter, sizeLimit: Math.min(Number(body.limit) || 1, 50) });
    return result.searchEntries;
  }

  // case: vulnerable (base of the search)
  @Get('of/:unit')
  async unit(@Param('unit') unit: string) {
    const result = await client.search('ou=' + unit + ',' + BASE, { filter: '(objectClass=*)' });
    return result.searchEntries;
  }

  // case: safe (letters and digits only, else refused)
  @Get('at/:unit')
  async at(@Param('unit') unit: string) {
    if (!/^[A-Za-z0-9]+$/.test(unit)) {
      throw new UnauthorizedException();
    }
    const result = await client.search(`ou=${unit},${BASE}`, { filter: '(objectClass=*)' });
    return result.searchEntries;
  }

  // case: vulnerable (header set by the proxy or by anybody)
  @Get('mine')
  async mine(@Headers('x-remote-user') user: string) {
    const filter = '(memberUid='.concat(user, ')');
    return new Promise((resolve, reject) => {
      legacy.search(BASE, { filter, scope: 'sub' }, (error, found) => (error ? reject(error) : found.on('end', resolve)));
    });
  }

  // case: safe (pairs of filter objects)
  @Get('both')
  async both(@Query('name') name: string, @Query('owner') owner: string) {
    const filters: Filter[] = [
      new EqualityFilter({ attribute: 'cn', value: name }),
      new EqualityFilter({ attribute: 'owner', value: owner }),
    ];
    return client.search(BASE, { filter: new AndFilter({ filters }) });
  }

  // case: vulnerable (the check is made on a copy in lower case without brackets)
  @Get('alias')
  async alias(@Query('alias') alias: string) {
    const copy = alias.toLowerCase().replace(/[()*\\]/g, '');
    if (copy.length === 0) {
      throw new UnauthorizedException();
    }
    return client.search(BASE, { filter: '(' + this.attribute + '=' + alias + ')' });
  }

  // case: safe (the cleaned copy is used)
  @Get('nick')
  async nick(@Query('nick') nick: string) {
    const copy = nick.toLowerCase().replace(/[^a-z0-9]/g, '');
    return client.search(BASE, { filter: '(' + this.attribute + '=' + copy + ')' });
  }

  // case: safe (queue: the first in is the constant, the first out as well)
  @Get('queue')
  async queue(@Query('name') name: string) {
    const names: string[] = [];
    names.push('staff');
    names.push(name);
    const first = names.shift();
    return client.search(BASE, { filter: `(cn=${first})` });
  }

  // case: vulnerable (stack: the last in is the first out)
  @Get('stack')
  async stack(@Query('name') name: string) {
    const names: string[] = [];
    names.push('staff');
    names.push(name);
    const last = names.pop();
    return client.search(BASE, { filter: `(cn=${last})` });
  }

  // case: safe (switch over the letter of a constant)
  @Get('level')
  async level(@Query('level') level: string) {
    let wanted = 'none';
    switch ('xyz'[2]) {
      case 'x':
        wanted = level;
        break;
      case 'z':
        wanted = 'gold';
        break;
    }
    return client.search(BASE, { filter: '(employeeType=' + wanted + ')' });
  }
}
