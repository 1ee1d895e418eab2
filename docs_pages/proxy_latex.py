"""The formula of each built-in proxy in LaTeX, with what its letters mean."""

from __future__ import annotations

from typing import NamedTuple


class Formula(NamedTuple):
    """A formula.

    Attributes:
        latex: the formula.
        legend: what the letters mean that the page does not explain once for all, Markdown with formulas.
    """

    latex: str
    legend: str = ""


_LOGIT_SUM = (
    r"\(\Theta_{nm}=\langle\nabla_w s_n,\nabla_w s_m\rangle\) with \(s_n=\sum_k f_k(x_n)\), over the parameters \(w\) "
    "that are called `weight`, those of norm layers among them"
)
_TARGETS = (
    r"\(\Theta_{nm}=\langle\nabla_w f_{y_n}(x_n),\nabla_w f_{y_m}(x_m)\rangle\), over the weights and biases \(w\) of "
    "convolutions and linear layers"
)
_CONDITION = r"-\kappa(\Theta)=-\frac{\lambda_{\max}(\Theta)}{\lambda_{\min}(\Theta)}"
_FLOW = r"\(R\) is the sum of the outputs for an input of ones in the network of absolute parameters, biases too"
_SPECTRUM = (
    r"\(\lambda_{l,1},\dots,\lambda_{l,C}\) are the eigenvalues, divided by their sum, of the covariance of the "
    r"channels after cell \(l\), and for \(l=0\) before the first cell"
)
_ENTROPY = r"s_l=-\sum_i\lambda_{l,i}\log(\lambda_{l,i}+10^{-8})"
_RELU = r"\(a_{nu}\in\{0,1\}\) says whether ReLU unit \(u\) is active for sample \(n\)"
_DECILES = r"-\sum_{i=1}^{9}t_i\log t_i"
_OF_EIGENVALUES = r"\(t_1,\dots,t_9\) are the deciles, divided by their sum, of the eigenvalues of"
_FISHER_FACTORS = (
    r"\(J_n\) are the derivatives of the logits of sample \(n\) by single weights, \(L_n\) the Cholesky factor of "
    r"\(\operatorname{diag}p_n-p_np_n^{\top}\), \(p_n\) the class probabilities"
)
_RESPONSES = (
    r"\(A_r\) and \(G_r\) are the correlation matrices \([N,N]\) of the inputs of the ReLU \(r\) and of the gradients "
    "of the loss by these, absolute values by entry"
)
_GRAPH = (
    r"\(V\) is the number of channels of a small network's layers, \(E\) that of edges, from a channel to one of a "
    "layer that reads it, which a plane of ones reaches by standard normal weights and a ReLU"
)
_SIGNS = r"\frac1L\sum_{l=1}^{L}\sqrt{\sum_{G}s(%s)^2}"
_LOGISTIC = (
    r"\(s(d)=\sigma(\log d)=\frac{d}{1+d}\) with the logistic function \(\sigma\), so that a singular matrix counts 0"
)
_PER_SAMPLE = "; the gradient of each sample is taken through its own activations"

FORMULAS = {
    "params": Formula(r"P", r"\(P\) is the number of trainable parameters"),
    "flops": Formula(r"M", r"\(M\) is the number of multiply-adds of one forward pass of one sample"),
    "l2_norm": Formula(r"\sum_l\|W_l\|_2"),
    "grad_norm": Formula(r"\sum_l\left\|\frac{\partial L}{\partial W_l}\right\|_2"),
    "snip": Formula(r"\sum_l\left\|W_l\odot\frac{\partial L}{\partial W_l}\right\|_1"),
    "plain": Formula(r"\sum_l\left\langle W_l,\frac{\partial L}{\partial W_l}\right\rangle"),
    "eznas_a": Formula(
        _SIGNS % r"\det\operatorname{sign}G",
        r"\(G\) runs over the \(NC\) gradients \([H,H]\) of the logits' sum by what the ReLU before convolution \(l\) "
        rf"of \(L\) reads, through this convolution; {_LOGISTIC}, and \(s(d)=\frac12\) for \(d<0\)",
    ),
    "eznas_a_weights": Formula(
        _SIGNS % r"|\det\operatorname{sign}G|",
        r"\(G\) runs over the gradients \([k,k]\) of the loss by the square kernels of convolution \(l\) of \(L\); "
        + _LOGISTIC,
    ),
    "grasp": Formula(r"-w^{\top}Hg", r"\(w\) are the weights, \(g=\nabla_w L\), \(H=\nabla_w^2L\)"),
    "fisher": Formula(
        r"\sum_c\frac{m_c}{2N}\sum_n\left(\sum_p a_{ncp}\,\frac{\partial L}{\partial a_{ncp}}\right)^2",
        r"\(a_{ncp}\) is the output of channel \(c\) of a layer for sample \(n\) at position \(p\), \(m_c\) the "
        "number of weights of that channel",
    ),
    "synflow": Formula(
        r"\sum_l\left\||W_l|\odot\frac{\partial R}{\partial|W_l|}\right\|_1", f"{_FLOW}, without batch norm"
    ),
    "synflow_bn": Formula(
        r"\sum_l\left\||W_l|\odot\frac{\partial R}{\partial|W_l|}\right\|_1", f"{_FLOW}, with batch norm"
    ),
    "logsynflow": Formula(
        r"\sum_w|w|\,\log\left(1+\left|\frac{\partial R}{\partial|w|}\right|\right)",
        rf"\(w\) is a single weight; {_FLOW}, without batch norm",
    ),
    "jacob_cov": Formula(
        r"-\sum_i\left(\log(v_i+k)+\frac{1}{v_i+k}\right)",
        r"\(v_1,\dots,v_N\) are the eigenvalues of the correlation matrix of the rows of the input Jacobian, "
        r"\(k=10^{-5}\)",
    ),
    "epe_nas": Formula(
        r"\sum_c\left|\sum_{i,j\in c}\log\left(|C_{ij}|+10^{-5}\right)\right|",
        r"\(C\) is the correlation matrix of the rows of the input Jacobian; the inner sum is over the samples of "
        r"class \(c\) (up to 100 outputs)",
    ),
    "nwot": Formula(
        r"\log|\det K|,\qquad K_{nm}=\sum_u\left[a_{nu}=a_{mu}\right]",
        f"{_RELU}; a bracket is 1 where it holds, else 0",
    ),
    "linear_regions": Formula(r"\left|\{a_1,\dots,a_N\}\right|", f"{_RELU}; the number of distinct rows of \\(a\\)"),
    "swap": Formula(
        r"\left|\{a_{\cdot 1},\dots,a_{\cdot U}\}\right|", f"{_RELU}; the number of distinct columns of \\(a\\)"
    ),
    "swap_universal": Formula(
        r"\left|\{s_{\cdot 1},\dots,s_{\cdot U}\}\right|",
        r"\(s_{nu}\in\{-1,0,1\}\) is the sign of the output of unit \(u\), a ReLU, GELU or SiLU, for sample \(n\); the "
        r"number of distinct columns of \(s\)",
    ),
    "zen": Formula(
        r"\log\operatorname{E}\|f(x)-f(x+0.01\,\varepsilon)\|_1+\sum_b\log\sqrt{\bar\sigma_b^2}",
        r"\(f\) are the features before pooling, \(x\) and \(\varepsilon\) Gaussian, \(\bar\sigma_b^2\) the mean "
        r"running variance of batch norm \(b\)",
    ),
    "zico": Formula(
        r"\sum_l\log\sum_{w\in l}\frac{|g_w|+|g'_w|}{|g_w-g'_w|}",
        r"\(g\) and \(g'\) are the gradients of the mean loss on the two halves of the batch; weights with "
        "the same gradient on both are left out",
    ),
    "l_swag": Formula(
        r"\left|\{a_{\cdot 1},\dots,a_{\cdot U}\}\right|\,\sum_l\log\sum_{w\in l}\frac{2}{\left||g_w|-|g'_w|\right|}",
        rf"\(g\) and \(g'\) as for `zico`; weights of gradients of the same size are left out; {_RELU}, and the first "
        "factor is `swap`",
    ),
    "near": Formula(
        r"\sum_j\exp\left(-\sum_i s_{ji}\log s_{ji}\right)",
        r"\(s_{j1},s_{j2},\dots\) are the singular values, divided by their sum, of a matrix of as many positions as "
        r"channels of the output \(j\), of a convolution, a linear layer or a ReLU",
    ),
    "rcor": Formula(r"\log|\det K|,\qquad K=\sum_r|A_r|+|G_r|", _RESPONSES),
    "wrcor": Formula(
        r"\log|\det K|,\qquad K=\sum_r2^{l_r}\left(|A_r|+|G_r|\right)",
        _RESPONSES + r"; \(l_r\) is the place of the ReLU's cell, from 0, and the number of cells behind the last",
    ),
    "zico_bc": Formula(
        r"z-\beta\sum_l\log\frac{H_lW_l}{\sqrt{C_l}}",
        r"\(z\) is `zico`, \(H_l\), \(W_l\) and \(C_l\) are height, width and channels of the output of "
        r"convolution \(l\), \(\beta=1\)",
    ),
    "intrain": Formula(
        r"\frac{1+o}{\log(D+1)}\sum_{l=1}^{D}\log\frac{(\operatorname{tr}C_l)^2}{\operatorname{tr}C_l^2},\qquad"
        r" o=\sum_p\min\left(1,\frac{\operatorname{std}g_p}{\max|g_p|}\right)",
        r"\(C_l\) is the covariance of the channels of the output of the convolution \(l\) of \(D\), after batch norm, "
        r"and \(g_p=\partial L/\partial\theta_p\) the gradient by the parameter \(p\)",
    ),
    "t_cet": Formula(
        r"\sum_l\log|\det K_l|\,\frac{\sum_is_{li}}{\operatorname{std}s_l}",
        r"\(K_l\) is the kernel of `nwot` of the call \(l\) of a ReLU, \(s_l\) are the terms of `synflow` of "
        r"weight \(l\), and pairs are by place",
    ),
    "gradsign": Formula(r"\sum_w\left|\sum_n\operatorname{sign}\frac{\partial\ell_n}{\partial w}\right|"),
    "meco": Formula(
        r"\sum_j\lambda_{\min}(R_j)",
        r"\(R_j\) is the correlation matrix of the output channels at the call \(j\) of a module, over positions",
    ),
    "meco_opt": Formula(
        r"\sum_j\frac{C_j}{8}\,\lambda_{\min}(R_j)",
        r"\(R_j\) is as for `meco`, of eight random channels of the \(C_j\)",
    ),
    "dextr": Formula(
        r"\frac{AB}{A+B},\qquad A=\log\left(1+\sum_j\frac{\sigma_{\min}(F_j)}{\sigma_{\max}(F_j)}\right),\quad "
        r"B=\log\left(1+\frac{\sqrt{|v|^2|a|^2-(v^{\top}a)^2}}{|v|^3}\right)",
        r"\(F_j\) are the feature maps \([C,\text{positions}]\) of an image at the call \(j\) of a module, \(\sigma\) "
        r"their singular values; \(v\) and \(a\) are the first and the second derivative of ten outputs along a circle "
        "of images",
    ),
    "knas": Formula(r"\frac{1}{N^2}\sum_{n,m}\langle\nabla_\theta\ell_n,\nabla_\theta\ell_m\rangle"),
    "nasi_trace": Formula(r"t=\left\|\frac1N\sum_n\nabla_\theta\ell_n\right\|_2^2"),
    "nasi_constrained": Formula(r"t-\mu\max(0,t-\nu)", r"\(t\) is `nasi_trace`, \(\nu=100\), \(\mu=2\)"),
    "m_grad": Formula(r"\left\|\frac1N\sum_n\nabla_\theta\ell_n\right\|_2"),
    "m_snip": Formula(r"\left|w^{\top}\nabla_wL\right|", r"\(w\) are the weights"),
    "m_grasp": Formula(r"\left|w^{\top}H\,\nabla_wL\right|", r"\(w\) are the weights, \(H=\nabla_w^2L\)"),
    "m_trace": Formula(r"\sqrt{\frac{\operatorname{tr}\Theta}{N}}", _TARGETS + _PER_SAMPLE),
    "m_condition": Formula(_CONDITION, _TARGETS + _PER_SAMPLE),
    "ntk_condition": Formula(_CONDITION, _LOGIT_SUM + _PER_SAMPLE),
    "ntk_condition_exact": Formula(_CONDITION, _LOGIT_SUM + ", through the statistics of the batch"),
    "ntk_trace": Formula(
        r"\frac1S\sum_{s=1}^{S}\left\|\nabla_\theta\left(v_s^{\top}f(X)\right)\right\|_2^2",
        r"\(v_1,\dots,v_S\) are random signs, one for each output of each sample; its expectation is `ntk_trace_exact`",
    ),
    "ntk_trace_exact": Formula(
        r"\operatorname{tr}\Theta=\sum_{n,k}\left\|\nabla_\theta f(X)_{nk}\right\|_2^2",
        "through the statistics of the batch",
    ),
    "ntk_trace_per_sample": Formula(
        r"\sum_{n,k}\left\|\nabla_\theta f_k(x_n)\right\|_2^2",
        "the gradient of each sample is taken through its own activations",
    ),
    "vkdnw": Formula(
        _DECILES, rf"{_OF_EIGENVALUES} \(F=\frac1N\sum_nJ_n^{{\top}}L_nL_n^{{\top}}J_n\). {_FISHER_FACTORS}"
    ),
    "vkdnw_code": Formula(
        _DECILES,
        rf"{_OF_EIGENVALUES} \(\frac1N\sum_nJ_n^{{\top}}L_n^{{\top}}L_nJ_n\). {_FISHER_FACTORS} smoothed by 0.05",
    ),
    "vkdnw_single": Formula(
        rf"\aleph{_DECILES}",
        rf"\(\aleph\) is the number of weights of convolutions and linear layers; {_OF_EIGENVALUES} \(F\) of `vkdnw`",
    ),
    "te_nas_condition": Formula(
        r"-\frac13\sum_{r=1}^{3}\kappa(\Theta_r)",
        r"\(\Theta_r\) is the kernel of `ntk_condition_exact` in a small network of the architecture, for draw \(r\) "
        "of the weights",
    ),
    "te_nas_regions": Formula(
        r"\frac13\sum_{r=1}^{3}Q_r",
        r"\(Q_r\) is the number of distinct sign patterns of the ReLUs over 3,000 crops in one cell of one channel, "
        r"for draw \(r\) of the weights",
    ),
    "nasgraph_degree": Formula(r"\frac{2E}{V}", _GRAPH),
    "nasgraph_density": Formula(r"\frac{E}{V(V-1)}", _GRAPH),
    "nasgraph_wedge": Formula(r"\sum_v\frac{d_v(d_v-1)}{2}", rf"\(d_v\) is the degree of node \(v\); {_GRAPH}"),
    "nasgraph_resilience": Formula(r"\frac{\sum_vd_v^2}{\sum_vd_v}", rf"\(d_v\) is the degree of node \(v\); {_GRAPH}"),
    "az_expressivity": Formula(rf"\sum_l s_l,\qquad {_ENTROPY}", _SPECTRUM),
    "az_progressivity": Formula(rf"\min_l\,(s_l-s_{{l-1}}),\qquad {_ENTROPY}", _SPECTRUM),
    "az_trainability": Formula(
        r"\frac1D\sum_{l=1}^{D}\left(2-\sigma_l-\frac{1}{\sigma_l+10^{-6}}\right)",
        r"\(\sigma_l\) is the spectral norm of the Jacobian of cell \(l\) of \(D\)",
    ),
}
"""Formulas by the names of the proxies."""
