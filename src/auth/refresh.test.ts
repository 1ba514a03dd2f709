import { jest } from '@jest/globals';
