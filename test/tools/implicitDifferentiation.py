"""Evaluations that implicit differentiation takes on the five problems of test/bench/solveBilevel.ts.

scipy's L-BFGS-B solves the lower level and moves x; conjugate gradients with differences of gradients give the
hypergradient. Needs numpy and scipy. Writes test/data/bilevel/implicit.json and quadratic.json:

    python3 test/tools/implicitDifferentiation.py
"""
import json
import numpy as np
import scipy
from scipy.optimize import minimize
rng=np.random.default_rng(1)
class P: pass
def problems():
    out=[]
    # 1 LS 3.2
    p=P(); p.name='LamparielloSagratella2017Ex32'; p.F=lambda x,y:(x[0]**2+y[0]**2,np.array([2*x[0]]),np.array([2*y[0]]))
    def f(x,y): e=x[0]+y[0]-1; return e*e,np.array([2*e]),np.array([2*e])
    p.f=f; p.x=np.array([1.]); p.y=np.array([1.]); p.lo,p.hi=-100,100; p.Fs=.5; out.append(p)
    # 2 V-PBGD toy
    p=P(); p.name='V-PBGD toy'
    def F(x,y):
        x,y=x[0],y[0]; E=np.exp(2-4*x); q=1/(1+E); u=4*x-2
        return np.cos(4*y+2)*q+.5*np.log(u*u+1),np.array([np.cos(4*y+2)*4*E*q*q+4*u/(u*u+1)]),np.array([-4*np.sin(4*y+2)*q])
    def f(x,y):
        x,y=x[0],y[0]; s=x+y; return s*s+x*np.sin(s)**2,np.array([2*s+np.sin(s)**2+x*np.sin(2*s)]),np.array([2*s+x*np.sin(2*s)])
    p.F,p.f=F,f; p.x=np.array([1.4]); p.y=np.array([-1.]); p.lo,p.hi=0,3; p.Fs=.199911; out.append(p)
    # 3 MitsosBarton 3.17
    p=P(); p.name='MitsosBarton2006Ex317'; p.F=lambda x,y:((x[0]+.5)**2+y[0]**2/2,np.array([2*x[0]+1]),np.array([y[0]]))
    p.f=lambda x,y:(x[0]*y[0]**2/2+y[0]**4/4,np.array([y[0]**2/2]),np.array([x[0]*y[0]+y[0]**3])); p.x=np.array([1.]); p.y=np.array([1.]); p.lo,p.hi=-1,1; p.Fs=3/16; out.append(p)
    # 4 coupled quadratic m=50,d=10
    m,d=50,10; Q=np.linalg.qr(rng.normal(size=(m,m)))[0]; H=Q@np.diag(10.**(-np.linspace(0,1,m)))@Q.T; B=rng.normal(size=(m,d))/np.sqrt(d); b=rng.normal(size=m); c=rng.normal(size=m); a=rng.normal(size=d)
    S=np.linalg.solve(H,B); y0=np.linalg.solve(H,b); xs=np.linalg.solve(S.T@S+.1*np.eye(d),.1*a+S.T@(c-y0)); ys=y0+S@xs
    p=P(); p.name='quadratic m=50 d=10 cond 10'; p.F=lambda x,y:(.5*((y-c)**2).sum()+.05*((x-a)**2).sum(),.1*(x-a),y-c); p.f=lambda x,y:(.5*y@H@y-(B@x+b)@y,-B.T@y,H@y-B@x-b)
    p.x=np.zeros(d); p.y=np.zeros(m); p.lo,p.hi=-10,10; p.Fs=p.F(xs,ys)[0]; p.data=dict(H=H.tolist(),B=B.tolist(),b=b.tolist(),c=c.tolist(),a=a.tolist(),Fs=p.Fs); out.append(p)
    # 5 diabetes ridge
    D=json.load(open('test/data/bilevel/diabetes.json')); A,bb,V,cc=[np.array(D[k]) for k in 'AbVc']; G=A.T@A/len(bb); h=A.T@bb/len(bb)
    p=P(); p.name='diabetes ridge d=10'
    def F(x,w): r=V@w-cc; return .5*np.mean(r*r),0*x,V.T@r/len(cc)
    def f(x,w): e=np.exp(x); r=A@w-bb; return .5*np.mean(r*r)+.5*(e*w*w).sum(),.5*e*w*w,G@w-h+e*w
    p.F,p.f=F,f; p.x=-3*np.ones(10); p.y=np.zeros(10); p.lo,p.hi=-10,5; p.Fs=D['best']; p.rel=True; out.append(p)
    return out
def tol(p): return 1e-3*(abs(p.Fs) if getattr(p,'rel',0) else max(1,abs(p.Fs)))
def solve_low(p,x,y,cnt,gt=1e-10):
    def fn(w): cnt['f']+=1; v,_,g=p.f(x,w); return v,g
    return minimize(fn,y,jac=True,method='L-BFGS-B',options=dict(maxiter=5000,gtol=gt,ftol=1e-16)).x
def aid(p,K=500):
    # projected L-BFGS-B on the reduced function, hypergradient by CG with finite-difference Hessian-vector products (2 gradients of f each)
    n={'f':0,'F':0}; y=[p.y.copy()]; hit=[None]
    def red(x):
        y[0]=solve_low(p,x,y[0],n); Fv,Fx,Fy=p.F(x,y[0]); n['F']+=1
        def hv(v):
            n['f']+=2; e=1e-5*max(1,np.linalg.norm(y[0]))/max(1e-12,np.linalg.norm(v)); a,b=p.f(x,y[0]+e*v),p.f(x,y[0]-e*v); return (a[2]-b[2])/(2*e),(a[1]-b[1])/(2*e)
        q=np.zeros_like(Fy); r=Fy.copy(); d=r.copy(); rr=r@r; ref=rr; cross=np.zeros_like(x)
        for _ in range(2*len(q)):
            if rr<=1e-16*ref or rr==0: break
            Hd,_=hv(d); dHd=d@Hd
            if dHd<=0: break
            al=rr/dHd; q+=al*d; r-=al*Hd; r2=r@r; d=r+r2/rr*d; rr=r2
        if q@q>0: cross=hv(q)[1]
        if hit[0] is None and abs(Fv-p.Fs)<=tol(p): hit[0]=(n['f'],n['F'])
        return Fv,Fx-cross
    minimize(red,p.x,jac=True,method='L-BFGS-B',bounds=[(p.lo,p.hi)]*len(p.x),options=dict(maxiter=K,ftol=1e-14,gtol=1e-9))
    return hit[0],(n['f'],n['F'])
if __name__=='__main__':
    ps=problems()
    json.dump(ps[3].data,open('test/data/bilevel/quadratic.json','w'))
    counts={}
    for p in ps:
        hit,end=aid(p)
        counts[p.name]={'lower':None if hit is None else hit[0],'upper':None if hit is None else hit[1],'lowerToTheEnd':end[0],'upperToTheEnd':end[1]}
        print(p.name,counts[p.name],flush=True)
    json.dump({'numpy':np.__version__,'scipy':scipy.__version__,'counts':counts},open('test/data/bilevel/implicit.json','w'),indent=1)
