import { CanActivate, ExecutionContext, Injectable, Module, UnauthorizedException } from '@nestjs/common';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import * as jwt from 'jsonwebtoken';
import { createRemoteJWKSet, decodeJwt, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import type { NextRequest } from 'next/server';

const keys = createRemoteJWKSet(new URL('https://login.example.com/.well-known/jwks.json'));

function tokenOf(request: { headers: Record<string, string> }): string {
  return request.headers.authorization?.split(' ')[1] ?? '';
}

// case: vulnerable (NestJS service only decodes)
@Injectable()
export class DecodingGuard implements CanActivate {
  constructor(private readonly tokens: JwtService) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    const claims = this.tokens.decode(tokenOf(request)) as { role?: string } | null;
    request.user = claims;
    return claims?.role === 'admin';
  }
}

// case: safe (NestJS service verifies)
@Injectable()
export class VerifyingGuard implements CanActivate {
  constructor(private readonly tokens: JwtService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest();
    const claims = await this.tokens.verifyAsync(tokenOf(request), { algorithms: ['ES256'] });
    request.user = claims;
    return claims.role === 'admin';
  }
}

// case: vulnerable (passport strategy takes expired tokens)
@Injectable()
export class LenientStrategy extends PassportStrategy(Strategy, 'lenient') {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: process.env.JWT_KEY as string,
      ignoreExpiration: true,
    });
  }

  validate(payload: { sub: string }) {
    return { id: payload.sub };
  }
}

// case: safe (passport strategy)
@Injectable()
export class StrictStrategy extends PassportStrategy(Strategy, 'strict') {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: process.env.JWT_KEY as string,
      algorithms: ['HS512'],
      ignoreExpiration: false,
    });
  }

  validate(payload: { sub: string }) {
    return { id: payload.sub };
  }
}

// case: vulnerable (jose, decoded only)
export function userOf(request: NextRequest): string | undefined {
  const token = request.cookies.get('token')?.value ?? '';
  return decodeJwt(token).sub;
}

// case: safe (jose, verified with the provider's keys)
export async function verifiedUserOf(request: NextRequest): Promise<string | undefined> {
  const token = request.cookies.get('token')?.value ?? '';
  const { payload } = await jwtVerify(token, keys, { issuer: 'https://login.example.com', audience: 'shop' });
  return payload.sub;
}

// case: vulnerable (jose, without a signature)
export function accept(token: string): string | undefined {
  const { payload } = UnsecuredJWT.decode(token);
  return payload.sub;
}

// case: safe (jose, signed)
export async function issue(user: string): Promise<string> {
  const key = new TextEncoder().encode(process.env.JWT_KEY);
  return new SignJWT({ sub: user }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('10m').sign(key);
}

// case: vulnerable (key of the token's own header)
export function trusting(token: string): string {
  const complete = jwt.decode(token, { complete: true }) as jwt.Jwt;
  const key = (complete.header as unknown as { x5c: string[] }).x5c[0];
  const claims = jwt.verify(token, `-----BEGIN CERTIFICATE-----\n${key}\n-----END CERTIFICATE-----`) as jwt.JwtPayload;
  return claims.sub as string;
}

// case: safe (decoded after it was verified, to show when it ends)
export function remaining(token: string): number {
  const claims = jwt.verify(token, process.env.JWT_KEY as string, { algorithms: ['HS256'] }) as jwt.JwtPayload;
  if (!claims.exp) {
    throw new UnauthorizedException();
  }
  return claims.exp - Date.now() / 1000;
}

// case: vulnerable (module signs without an algorithm)
@Module({ imports: [JwtModule.register({ signOptions: { algorithm: 'none' as jwt.Algorithm }, secret: process.env.JWT_KEY })] })
export class UnsignedModule {}
