import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ConfigService } from '@nestjs/config';
import { Sequelize } from 'sequelize';
import Redis from 'ioredis';
import * as ldap from 'ldapjs';
import mongoose from 'mongoose';

type Credentials = { username: string; password: string };

// case: vulnerable (NestJS, tokens' key)
@Module({ imports: [JwtModule.register({ secret: 'pLum-93-corridor-vX', signOptions: { expiresIn: '10m' } })] })
export class TokenModule {}

// case: safe (NestJS, key from the configuration)
@Module({
  imports: [
    JwtModule.registerAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService) => ({ secret: config.getOrThrow<string>('JWT_SECRET') }),
    }),
  ],
})
export class ConfiguredTokenModule {}

// case: vulnerable (TypeORM)
@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'postgres', host: 'db', username: 'billing', password: 'Gneiss.4410.tunnel', database: 'billing' }),
  ],
})
export class BillingModule {}

// case: safe (TypeORM, environment)
@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'postgres', host: 'db', username: 'billing', password: process.env.BILLING_PASSWORD }),
  ],
})
export class EnvironmentModule {}

// case: vulnerable (third argument)
export const sequelize = new Sequelize('stock', 'stock', 'marzipan_Otter_58', { dialect: 'mysql', host: 'db' });

// case: vulnerable (key of a cipher)
export function hide(text: string): string {
  const key = Buffer.from('0b6c1f9e52d74a8893be04af61c7d35e0b6c1f9e52d74a8893be04af61c7d35e', 'hex');
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return nonce.toString('hex') + cipher.update(text, 'utf8', 'hex') + cipher.final('hex');
}

// case: safe (key of a cipher from the environment)
export function conceal(text: string): string {
  const key = Buffer.from(process.env.CONCEAL_KEY as string, 'hex');
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return nonce.toString('hex') + cipher.update(text, 'utf8', 'hex') + cipher.final('hex');
}

// case: vulnerable (constant given to a keyed hash)
const webhookSecret = 'Ostrich-lamp-2216-fjord';
export function tag(body: string): string {
  return createHmac('sha256', webhookSecret).update(body).digest('hex');
}

// case: vulnerable (password compared with a literal)
export function administrator(given: Credentials): boolean {
  return given.username === 'admin' && given.password === 'Lantern!quartz7';
}

// case: safe (password compared with an empty text)
export function missing(given: Credentials): boolean {
  return given.username === '' || given.password === '';
}

// case: vulnerable (directory's account)
export function bind(client: ldap.Client, done: (error: Error | null) => void): void {
  client.bind('cn=reader,dc=example,dc=com', 'Pebble&harp.6093', done);
}

// case: safe (name of the variable and of the header, not the value)
export const names = { tokenHeader: 'x-access-token', secretName: 'SHOP_SECRET', passwordField: 'user[password]' };

// case: safe (Redis without password, MongoDB's with the environment's)
export const redis = new Redis({ host: 'redis.internal', password: process.env.REDIS_PASSWORD });
export const connected = mongoose.connect(`mongodb://app:${process.env.MONGO_PASSWORD}@mongo.internal/app`);
