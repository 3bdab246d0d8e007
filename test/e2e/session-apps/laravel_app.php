<?php
// A Laravel app in one file, with its own sign-in: php -S 127.0.0.1:PORT laravel_app.php.
// It is told by its environment: SECRET (the APP_KEY), FOLDER (an empty one), SESSION_DRIVER.

require '/usr/share/php/Illuminate/autoload.php';

use Illuminate\Config\Repository;
use Illuminate\Contracts\Debug\ExceptionHandler;
use Illuminate\Foundation\Application;
use Illuminate\Foundation\Exceptions\Handler;
use Illuminate\Foundation\Http\Kernel;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\DB;
use Illuminate\Support\Facades\Hash;
use Illuminate\Support\Facades\Route;

error_reporting(E_ALL & ~E_DEPRECATED);
// PHP's own server takes the path for a script's.
$_SERVER['SCRIPT_NAME'] = $_SERVER['SCRIPT_FILENAME'] = $_SERVER['PHP_SELF'] = '/index.php';
$folder = getenv('FOLDER');
foreach (["$folder/bootstrap/cache", "$folder/sessions"] as $needed) {
    is_dir($needed) || mkdir($needed, 0700, true);
}
$isNew = !file_exists("$folder/db.sqlite");
touch("$folder/db.sqlite");

class WebKernel extends Kernel
{
    protected $bootstrappers = [
        Illuminate\Foundation\Bootstrap\RegisterFacades::class,
        Illuminate\Foundation\Bootstrap\RegisterProviders::class,
        Illuminate\Foundation\Bootstrap\BootProviders::class,
    ];
    protected $middlewareGroups = [
        'web' => [
            Illuminate\Cookie\Middleware\EncryptCookies::class,
            Illuminate\Cookie\Middleware\AddQueuedCookiesToResponse::class,
            Illuminate\Session\Middleware\StartSession::class,
            Illuminate\Foundation\Http\Middleware\VerifyCsrfToken::class,
        ],
    ];
}

$app = new Application($folder);
$app->instance('config', new Repository([
    'app' => [
        'key' => getenv('SECRET'),
        'cipher' => 'AES-256-CBC',
        'aliases' => [],
        'providers' => [
            Illuminate\Auth\AuthServiceProvider::class,
            Illuminate\Cookie\CookieServiceProvider::class,
            Illuminate\Database\DatabaseServiceProvider::class,
            Illuminate\Encryption\EncryptionServiceProvider::class,
            Illuminate\Filesystem\FilesystemServiceProvider::class,
            Illuminate\Hashing\HashServiceProvider::class,
            Illuminate\Session\SessionServiceProvider::class,
            Illuminate\View\ViewServiceProvider::class,
        ],
    ],
    'auth' => [
        'defaults' => ['guard' => 'web'],
        'guards' => ['web' => ['driver' => 'session', 'provider' => 'users']],
        'providers' => ['users' => ['driver' => 'database', 'table' => 'users']],
    ],
    'database' => [
        'default' => 'sqlite',
        'connections' => ['sqlite' => ['driver' => 'sqlite', 'database' => "$folder/db.sqlite"]],
    ],
    'hashing' => ['driver' => 'bcrypt'],
    'session' => [
        'driver' => getenv('SESSION_DRIVER'),
        'lifetime' => 120,
        'expire_on_close' => false,
        'encrypt' => false,
        'files' => "$folder/sessions",
        'lottery' => [0, 100],
        'cookie' => 'laravel_session',
        'path' => '/',
        'domain' => null,
        'secure' => false,
        'http_only' => true,
        'same_site' => 'lax',
    ],
    'view' => ['paths' => [], 'compiled' => $folder],
]));
$app->instance('env', 'production');
$app->singleton(ExceptionHandler::class, Handler::class);
$kernel = $app->make(WebKernel::class);
$kernel->bootstrap();

if ($isNew) {
    DB::statement('create table users (id integer primary key, email text, password text, name text, remember_token text)');
    DB::table('users')->insert([
        'id' => 7,
        'email' => 'ada@example.com',
        'password' => Hash::make('correct horse'),
        'name' => 'Ada Lovelace',
    ]);
}

Route::middleware('web')->group(function () {
    Route::get('/sign-in', fn () => response()->noContent());
    Route::post('/sign-in', function (Request $request) {
        if (!Auth::attempt($request->only('email', 'password'))) {
            return response('', 403);
        }
        $request->session()->regenerate();
        $request->session()->put(['name' => $request->user()->name, 'picture' => '/ada.png']);
        return response()->noContent();
    });
    Route::post('/sign-out', function (Request $request) {
        Auth::logout();
        $request->session()->invalidate();
        return response()->noContent();
    });
    Route::get('/presence-session', function (Request $request) {
        $user = $request->user();
        return $user
            ? response()->json(['user' => ['id' => $user->id, 'name' => $user->name, 'image' => '/ada.png']])
            : response()->json(null, 401);
    });
});

$response = $kernel->handle($request = Request::capture());
$response->send();
$kernel->terminate($request, $response);
